package tlstest

import (
	"errors"
	"math/rand/v2"
	"net"
	"strconv"
	"sync"
)

// Ports are given from a range below that from which systems choose by themselves
// (32768 and up on Linux), so that no connection of another test takes one before
// the program listens that is told it. They are drawn, because other tests draw at
// the same time.
const (
	firstPort = 10000
	manyPorts = 20000
)

var givenPorts sync.Map

// Port gives a port on 127.0.0.1 that nobody listens on, for a program that cannot
// choose one itself; another one each time.
func Port() (string, error) {
	for range manyPorts {
		port := strconv.Itoa(firstPort + rand.IntN(manyPorts))
		if _, given := givenPorts.LoadOrStore(port, true); given {
			continue
		}
		if l, err := net.Listen("tcp", "127.0.0.1:"+port); err == nil {
			return port, l.Close()
		}
	}
	return "", errors.New("tlstest: there is no free port")
}
