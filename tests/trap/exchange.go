// A server and its clients in one Go program: many goroutines, a connection for each exchange, children that are executed.
// Prints "N exchanges, N errors", what its own file is, and what a child printed.
package main

import (
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
)

func serve(listener net.Listener) {
	for {
		connection, err := listener.Accept()
		if err != nil {
			return
		}
		go func() {
			defer connection.Close()
			io.WriteString(connection, connection.RemoteAddr().String())
		}()
	}
}

func exchange(address string) error {
	connection, err := net.Dial("tcp", address)
	if err != nil {
		return err
	}
	defer connection.Close()
	answer, err := io.ReadAll(connection)
	if err == nil && string(answer) != connection.LocalAddr().String() {
		err = fmt.Errorf("the server sees %s, the client is %s", answer, connection.LocalAddr())
	}
	return err
}

func main() {
	count, _ := strconv.Atoi(os.Args[1])
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go serve(listener)
	var done, failed atomic.Int64
	var group sync.WaitGroup
	for range 16 {
		group.Add(1)
		go func() {
			defer group.Done()
			for done.Add(1) <= int64(count) {
				if err := exchange(listener.Addr().String()); err != nil {
					if failed.Add(1) == 1 {
						fmt.Fprintln(os.Stderr, err)
					}
				}
				if done.Load()%256 == 0 {
					runtime.GC()
				}
			}
		}()
	}
	group.Wait()
	fmt.Println(count, "exchanges,", failed.Load(), "errors")
	executable, _ := os.Executable()
	fmt.Println("file:", executable)
	if len(os.Args) > 2 {
		command := exec.Command(os.Args[2], os.Args[3:]...)
		command.Env = []string{}
		output, err := command.CombinedOutput()
		fmt.Printf("child: %s%v\n", output, err)
	}
}
