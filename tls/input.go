package tls

import (
	"net"
	"sync"
	"syscall"
)

// input is what was read from the network and not yet taken. A connection that
// waits for its peer holds no large buffer: those come from a pool and go back
// when they are empty. On a socket the pool is asked when there is something to
// read; elsewhere a small buffer finds out whether a large one is needed.
type input struct {
	sync.Mutex
	conn  net.Conn
	raw   syscall.RawConn // of a socket; nil elsewhere
	try   func(fd uintptr) bool
	small []byte  // nil if it was never needed
	buf   []byte  // small, or *large
	large *[]byte // from the pool; nil: buf is small
	r, w  int     // buf[r:w] was read and not yet taken
	data  []byte  // plaintext within buf that was not yet given out
	err   error   // why nothing more comes
	sock  error   // of the last read of a socket
}

// Sizes of the buffers in bytes: the large one holds two records and a half.
const (
	smallInput = 512
	largeInput = 40 << 10
)

var inputBuffers = sync.Pool{New: func() any {
	b := make([]byte, largeInput)
	return &b
}}

func (in *input) bytes() []byte { return in.buf[in.r:in.w] }

// take says that n bytes were taken. Plaintext may still lie in them.
func (in *input) take(n int) { in.r += n }

// fill reads once. need is the length of the record that is waited for.
func (in *input) fill(need int) error {
	if in.r == in.w && in.raw != nil {
		return in.readSocket()
	}
	in.room(need)
	n, err := in.conn.Read(in.buf[in.w:])
	in.w += n
	if n > 0 {
		return nil
	}
	return err
}

// release gives a large buffer back once nothing of it is needed any more.
func (in *input) release() {
	if in.r != in.w || len(in.data) > 0 {
		return
	}
	in.r, in.w = 0, 0
	if in.large != nil {
		inputBuffers.Put(in.large)
		in.large, in.buf, in.data = nil, in.small, nil
	}
}

// drop gives a large buffer back at the end of a connection, whatever is in it.
func (in *input) drop() {
	in.r, in.w, in.data = 0, 0, nil
	in.release()
}

// room makes room for a record of need bytes.
func (in *input) room(need int) {
	in.release()
	if in.buf == nil {
		in.small = make([]byte, smallInput)
		in.buf = in.small
	}
	if in.r+need <= len(in.buf) && in.w < len(in.buf) {
		return
	}
	if need <= len(in.buf) {
		in.w = copy(in.buf, in.buf[in.r:in.w])
		in.r = 0
		return
	}
	large := inputBuffers.Get().(*[]byte)
	in.w = copy(*large, in.buf[in.r:in.w])
	in.buf, in.large, in.r = *large, large, 0
}
