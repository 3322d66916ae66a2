package tls

import (
	"net"
	"sync"
)

// input is what was read from the network and not yet taken. An idle
// connection holds a small buffer only: the large ones come from a pool when
// a record turns out to be large, and go back when they are empty.
type input struct {
	sync.Mutex
	conn  net.Conn
	buf   []byte  // small, or *large
	large *[]byte // from the pool; nil: buf is small
	r, w  int     // buf[r:w] was read and not yet taken
	data  []byte  // plaintext within buf that was not yet given out
	err   error   // why nothing more comes
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

// fill reads at least once, until need bytes are there or the network has no
// more for now.
func (in *input) fill(need int) error {
	in.room(need)
	n, err := in.conn.Read(in.buf[in.w:])
	in.w += n
	if n > 0 {
		return nil
	}
	return err
}

// room makes room for a record of need bytes.
func (in *input) room(need int) {
	if in.r == in.w {
		in.r, in.w = 0, 0
		if in.large != nil {
			inputBuffers.Put(in.large)
			in.large, in.buf = nil, nil
		}
		if in.buf == nil {
			in.buf = make([]byte, smallInput)
		}
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
