// A program in Go that is interrupted all the time: by a signal storm, the garbage collector, and the profiler.
// Arguments: how many requests.
package main

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"runtime/pprof"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

var over atomic.Bool
var signals atomic.Int64

// SIGURG is what Go's runtime preempts by: it takes it for its own, and must go on.
func storm() {
	for !over.Load() {
		syscall.Kill(syscall.Getpid(), syscall.SIGURG)
		if signals.Add(1)%64 == 0 {
			time.Sleep(100 * time.Microsecond)
		}
	}
}

func allocate() {
	kept := make([][]byte, 64)
	for i := 0; !over.Load(); i++ {
		kept[i%64] = make([]byte, 1<<(i%16))
		if i%1024 == 0 {
			runtime.GC()
			time.Sleep(time.Millisecond)
		}
	}
}

// Ends of connections: over TCP the first write after the peer's close is taken, and a later one fails.
func firstWriteAfterClose() error {
	server, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer server.Close()
	client, err := net.Dial("tcp", server.Addr().String())
	if err != nil {
		return err
	}
	defer client.Close()
	peer, err := server.Accept()
	if err != nil {
		return err
	}
	peer.Close()
	time.Sleep(20 * time.Millisecond)
	_, err = client.Write([]byte("x"))
	return err
}

func ask(client *http.Client, url string, count int, errors *atomic.Int64, done *sync.WaitGroup) {
	defer done.Done()
	for i := 0; i < count; i++ {
		answer, err := client.Get(url)
		if err != nil {
			errors.Add(1)
			continue
		}
		text, _ := io.ReadAll(answer.Body)
		answer.Body.Close()
		if string(text) != "hello" {
			errors.Add(1)
		}
	}
}

func main() {
	count, _ := strconv.Atoi(os.Args[1])
	server, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "hello") })
	go http.Serve(server, nil)
	var profile bytes.Buffer
	pprof.StartCPUProfile(&profile)
	go storm()
	go allocate()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	var errors atomic.Int64
	var done sync.WaitGroup
	for i := 0; i < 4; i++ {
		done.Add(1)
		go ask(client, "http://"+server.Addr().String()+"/", count/4, &errors, &done)
	}
	children := 0
	for i := 0; i < 20; i++ {
		if exec.Command("/bin/true").Run() == nil {
			children++
		}
	}
	done.Wait()
	over.Store(true)
	pprof.StopCPUProfile()
	fmt.Println("errors:", errors.Load())
	fmt.Println("children:", children)
	fmt.Println("a profile:", profile.Len() > 0)
	fmt.Println("signals:", signals.Load() > 1000)
	fmt.Println("first write after the peer's close:", firstWriteAfterClose())
}
