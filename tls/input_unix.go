//go:build unix

package tls

import (
	"errors"
	"io"
	"net"
	"os"
	"syscall"
)

// useSocket finds the socket beneath, if conn is one and nothing else: a type
// that wraps one may have a Read of its own.
func (in *input) useSocket() {
	var err error
	switch c := in.conn.(type) {
	case *net.TCPConn:
		in.raw, err = c.SyscallConn()
	case *net.UnixConn:
		in.raw, err = c.SyscallConn()
	}
	if err != nil {
		in.raw = nil
	}
	in.try = in.tryRead
}

// readSocket waits until there is something to read, and reads it.
func (in *input) readSocket() error {
	in.release()
	if err := in.raw.Read(in.try); err != nil {
		if op, ok := errors.AsType[*net.OpError](err); ok {
			op.Op = "read" // as Read of the connection says
		}
		return err
	}
	return in.sock
}

// tryRead reads into a buffer of the pool. It gives false if there is nothing
// to read yet.
func (in *input) tryRead(fd uintptr) bool {
	b := inputBuffers.Get().(*[]byte)
	n, err := syscall.Read(int(fd), *b)
	for err == syscall.EINTR {
		n, err = syscall.Read(int(fd), *b)
	}
	in.sock = nil
	switch {
	case n > 0:
		in.buf, in.large, in.r, in.w = *b, b, 0, n
		return true
	case err == syscall.EAGAIN:
		inputBuffers.Put(b)
		return false
	case err != nil:
		in.sock = &net.OpError{Op: "read", Net: in.conn.LocalAddr().Network(), Source: in.conn.LocalAddr(),
			Addr: in.conn.RemoteAddr(), Err: os.NewSyscallError("read", err)}
	default:
		in.sock = io.EOF
	}
	inputBuffers.Put(b)
	return true
}
