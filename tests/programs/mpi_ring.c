/* Four processes of an Open MPI program, each connected with each: sums over all, and a megabyte passed round. */
#include <mpi.h>
#include <stdio.h>

#define SUMS 200
#define ROUNDS 5

static char large[1 << 20];

int main(int count, char **words) {
    int rank, size;
    long total = 0;
    MPI_Init(&count, &words);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    for (int i = 0; i < SUMS; i++) {
        long mine = rank + i, all;
        MPI_Allreduce(&mine, &all, 1, MPI_LONG, MPI_SUM, MPI_COMM_WORLD);
        total += all;
    }
    large[0] = (char)('a' + rank);
    for (int i = 0; i < ROUNDS; i++)
        MPI_Sendrecv_replace(large, sizeof large, MPI_CHAR, (rank + 1) % size, 0, (rank + size - 1) % size, 0,
                             MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    MPI_Barrier(MPI_COMM_WORLD);
    if (rank == 0)
        printf("%d ranks, sum %ld, from rank %d\n", size, total, large[0] - 'a');
    MPI_Finalize();
    return 0;
}
