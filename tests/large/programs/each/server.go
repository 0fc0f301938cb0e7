// A package's test: it listens at port 3000, waits until all packages' tests have tried, and asks its own server. Each leaves a file in
// "there" with its directory.
package own

import (
	"io"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestServer(t *testing.T) {
	here, _ := os.Getwd()
	name := filepath.Base(here)
	listener, err := net.Listen("tcp", "127.0.0.1:3000")
	os.MkdirAll("../there", 0755)
	os.WriteFile("../there/"+name, []byte(os.Getenv("UNSOCK_DIR")), 0644)
	if err != nil {
		t.Fatal(err)
	}
	for n := 0; ; n++ {
		entries, _ := os.ReadDir("../there")
		if len(entries) >= 4 {
			break
		}
		if n > 12000 {
			t.Fatal("not all packages are there")
		}
		time.Sleep(10 * time.Millisecond)
	}
	go func() {
		connection, _ := listener.Accept()
		connection.Write([]byte(name))
		connection.Close()
	}()
	client, err := net.Dial("tcp", "127.0.0.1:3000")
	if err != nil {
		t.Fatal(err)
	}
	answer, _ := io.ReadAll(client)
	if string(answer) != name {
		t.Fatal(string(answer))
	}
}
