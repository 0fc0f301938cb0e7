// The program of exchange.go as a library, for a program in C.
package main

import "C"

//export RunExchanges
func RunExchanges() { main() }
