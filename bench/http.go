// An HTTP server and its client in one Go program, a connection for each request: prints how many, and the seconds.
//
// Usage: http ADDRESS:PORT COUNT
package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"time"
)

func main() {
	count, err := strconv.Atoi(os.Args[2])
	if err != nil {
		panic(err)
	}
	listener, err := net.Listen("tcp", os.Args[1])
	if err != nil {
		panic(err)
	}
	go http.Serve(listener, http.HandlerFunc(func(answer http.ResponseWriter, _ *http.Request) {
		io.WriteString(answer, "ok")
	}))
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	url := "http://" + listener.Addr().String() + "/"
	start := time.Now()
	for range count {
		answer, err := client.Get(url)
		if err != nil {
			panic(err)
		}
		text, err := io.ReadAll(answer.Body)
		if err != nil || string(text) != "ok" {
			panic(fmt.Sprint(string(text), err))
		}
		answer.Body.Close()
	}
	fmt.Printf("{\"count\":%d,\"seconds\":%.9f}\n", count, time.Since(start).Seconds())
}
