// Answers each request with the address of its client.
package main

import (
	"fmt"
	"net/http"
	"os"
)

func main() {
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { fmt.Fprintln(w, "Go for", r.RemoteAddr) })
	fmt.Fprintln(os.Stderr, http.ListenAndServe("127.0.0.1:8000", nil))
	os.Exit(1)
}
