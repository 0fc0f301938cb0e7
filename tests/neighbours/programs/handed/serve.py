from handed import listen, new, served

fd = new()
print(listen(fd), served(fd))
