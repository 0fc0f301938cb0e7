// A QUIC server and its client in one Go program: the server sends so many megabytes by one stream. Prints the seconds.
//
// Usage: quic ADDRESS:PORT CERTIFICATE KEY MEGABYTES
package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"os"
	"strconv"
	"time"

	"github.com/quic-go/quic-go"
)

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func serve(listener *quic.Listener, bytes int64) {
	connection := must(listener.Accept(context.Background()))
	stream := must(connection.OpenUniStream())
	piece := make([]byte, 1<<16)
	for left := bytes; left > 0; {
		left -= int64(must(stream.Write(piece[:min(left, int64(len(piece)))])))
	}
	stream.Close()
}

func main() {
	bytes := must(strconv.ParseInt(os.Args[4], 10, 64)) * 1e6
	certificate := must(tls.LoadX509KeyPair(os.Args[2], os.Args[3]))
	protocols := []string{"bytes"}
	server := &tls.Config{Certificates: []tls.Certificate{certificate}, NextProtos: protocols}
	listener := must(quic.ListenAddr(os.Args[1], server, nil))
	go serve(listener, bytes)
	client := &tls.Config{InsecureSkipVerify: true, NextProtos: protocols}
	start := time.Now()
	connection := must(quic.DialAddr(context.Background(), listener.Addr().String(), client, nil))
	stream := must(connection.AcceptUniStream(context.Background()))
	if got := must(io.Copy(io.Discard, stream)); got != bytes {
		panic(fmt.Sprint("got ", got))
	}
	fmt.Println(time.Since(start).Seconds())
}
