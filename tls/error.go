package tls

import (
	"errors"
	"io"
	"net"

	"github.com/handsel-tls/handsel/internal/protocol/engine"
	"github.com/handsel-tls/handsel/internal/protocol/fault"
)

// netError gives an error of the engine the shape that crypto/tls gives it.
func (c *Conn) netError(err error) error {
	if header, ok := c.headerError(err); ok {
		return &Error{Err: err, also: header}
	}
	if alert, ok := errors.AsType[engine.PeerAlert](err); ok {
		return &net.OpError{Op: "remote error", Err: &Error{Err: err, alert: AlertError(alert)}}
	}
	if errors.Is(err, fault.NoBytes) || errors.Is(err, fault.Truncated) || errors.Is(err, fault.TruncatedData) {
		return &Error{Err: err, also: io.ErrUnexpectedEOF}
	}
	if code, ok := fault.Of(err); ok && code.Whose() == fault.Peer {
		return &net.OpError{Op: "local error", Err: &Error{Err: err, alert: AlertError(code.Alert())}}
	}
	return &Error{Err: err}
}

// headerError gives the RecordHeaderError of an error, where crypto/tls has
// one. Its Conn is set if nothing was written to the connection.
func (c *Conn) headerError(err error) (header RecordHeaderError, ok bool) {
	code, _ := fault.Of(err)
	switch code {
	case fault.HTTPRequest, fault.HTTPSProxyRequest, fault.NotTLS, fault.SSL2Hello, fault.RecordVersionWrong, fault.RecordOverflow:
	default:
		return header, false
	}
	header.Msg = err.Error()
	copy(header.RecordHeader[:], c.in.bytes())
	if code.Silent() && !c.isClient {
		header.Conn = c.conn
	}
	return header, true
}

// An Error is why a connection ended. Its text is for the operator: do not
// send it to the peer. It wraps AlertError, CertificateVerificationError,
// RecordHeaderError or an error of the network, where crypto/tls has those.
type Error struct {
	Err   error
	alert AlertError
	also  error
}

func (e *Error) Error() string {
	if refused, ok := errors.AsType[*CertificateVerificationError](e.also); ok && refused.Err != nil {
		return "tls: " + e.Err.Error() + " (" + refused.Err.Error() + ")"
	}
	return "tls: " + e.Err.Error()
}

// Unwrap gives what the error wraps.
func (e *Error) Unwrap() []error {
	all := []error{e.Err}
	if e.alert != 0 {
		all = append(all, e.alert)
	}
	if e.also != nil {
		all = append(all, e.also)
	}
	return all
}

// Fault names the failure with one stable word, such as NoSharedSuite.
func (e *Error) Fault() string {
	code, _ := fault.Of(e.Err)
	return code.Name()
}
