package tls

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"sync"
	"sync/atomic"
)

// A ConnectionID tells the connections of a program apart: it stands in the
// Record of each of its handshakes, and in what else is written down of the
// connection, so that one finds the other. It says nothing of the peer or of
// keys, and another run of the program does not give it again but by an unlikely
// chance.
type ConnectionID uint64

// String gives the ID as 16 hexadecimal digits.
func (id ConnectionID) String() string { return fmt.Sprintf("%016x", uint64(id)) }

var (
	connections atomic.Uint64
	firstID     = sync.OnceValue(func() uint64 {
		var b [8]byte
		rand.Read(b[:]) // it does not fail
		return binary.LittleEndian.Uint64(b[:])
	})
)

// stride is odd, so that no ID comes twice, and such that consecutive ones look
// different: 2^64 over the golden ratio.
const stride = 0x9e3779b97f4a7c15

func nextID() ConnectionID { return ConnectionID(firstID() + connections.Add(1)*stride) }

// ID gives the ID of the connection.
func (c *Conn) ID() ConnectionID { return c.id }
