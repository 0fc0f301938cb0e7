// A UDP client of a port where nobody is, by Go's Write and Read: prints what each says, twice over, and then what Read
// says once a server is there.
package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"
	"time"
)

func name(err error) string {
	for _, known := range []syscall.Errno{syscall.ECONNREFUSED, syscall.ECONNRESET} {
		if errors.Is(err, known) {
			return known.Error()
		}
	}
	return fmt.Sprint(err)
}

func main() {
	to, _ := net.ResolveUDPAddr("udp", os.Args[1])
	client, err := net.DialUDP("udp", nil, to)
	if err != nil {
		panic(err)
	}
	buffer := make([]byte, 10)
	for range 2 {
		_, err = client.Write([]byte("early"))
		fmt.Println("write:", name(err))
		client.SetReadDeadline(time.Now().Add(10 * time.Second))
		_, err = client.Read(buffer)
		fmt.Println("read:", name(err))
	}
	server, err := net.ListenUDP("udp", to)
	if err != nil {
		panic(err)
	}
	stranger, _ := net.Dial("udp", client.LocalAddr().String())
	stranger.Write([]byte("stranger"))
	server.WriteToUDP([]byte("answer"), client.LocalAddr().(*net.UDPAddr))
	count, err := client.Read(buffer)
	fmt.Println("read:", string(buffer[:count]), name(err))
}
