package engine

import (
	"errors"

	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/record"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
)

// maxSkipped gives how many bytes of early data are passed over, headers
// included: what the tickets of this server allow, and no less than those of
// most others.
func (c *Conn) maxSkipped() int64 {
	allowed := int64(c.core.Config.MaxEarlyData)
	return 1<<15 + allowed + allowed/4
}

// skipEarlyData passes over early data that this server does not take, and
// cannot read. It comes before the first record that can be read, or, after a
// HelloRetryRequest, before the second ClientHello. RFC 9846, section 4.3.10.
func (c *Conn) skipEarlyData(ct iana.ContentType, n int, err error) (early bool, tooLong error) {
	if !c.early || c.complete {
		return false, nil
	}
	switch protected := c.read.Protected(); {
	case c.unsealed, c.Established().Early.Accepted(), !protected && ct == iana.ContentHandshake:
		c.early = false
		c.read.ExpectEarlyData(false)
		return false, nil
	case !protected && ct != iana.ContentApplicationData,
		protected && !errors.Is(err, fault.BadRecordMAC) && !errors.Is(err, fault.RecordTooShort):
		return false, nil
	case protected:
		c.read.Again()
	}
	e := c.Established().Early // it was offered
	if e.Bytes += int64(n); e.Bytes > c.maxSkipped() {
		return true, fault.EarlyDataTooLong
	}
	return true, nil
}

// earlyData takes application data that comes before the handshake is complete.
func (c *Conn) earlyData(content []byte) ([]byte, error) {
	e := c.Established().Early
	if c.side != trace.Server || !e.Accepted() || !e.Flows() {
		return nil, fault.DataInHandshake
	}
	if e.Bytes += int64(len(content)); e.Bytes > int64(e.Max) {
		return nil, fault.With(fault.EarlyDataOverLimit, "more than %d bytes", e.Max)
	}
	return content, nil
}

// EarlyRoom gives how many bytes of early data a client may still send, 0 if it
// may send none: it was not offered, it was rejected, or it has ended.
func (c *Conn) EarlyRoom() int {
	e := c.Established().Early
	if c.side != trace.Client || c.complete || c.err != nil || !e.Flows() {
		return 0
	}
	return int(min(int64(e.Max)-e.Bytes, 1<<30))
}

// SealEarly appends the records of early data to dst, to be sent after what is
// in Output: at most EarlyRoom bytes. Whoever sees it can send it again to the
// server, and the server may refuse it: Established().Early says so once the
// handshake is complete. RFC 9846, sections 2.3 and 8.
func (c *Conn) SealEarly(dst, data []byte) ([]byte, error) {
	if len(data) > c.EarlyRoom() {
		return dst, fault.With(fault.Internal, "%d bytes of early data, there is room for %d", len(data), c.EarlyRoom())
	}
	if len(data) == 0 {
		return dst, nil
	}
	c.Established().Early.Bytes += int64(len(data))
	for len(data) > 0 {
		n := min(len(data), record.MaxPlaintext)
		dst = c.write.Seal(dst, iana.ContentApplicationData, data[:n])
		data = data[n:]
	}
	return dst, nil
}

// writable reports whether application data may be sent: while the connection is
// half open, from this side's Finished on. RFC 9846, section 4.5.3.
// What the reading side has of the connection does not count once the handshake
// is complete: it may be at work.
func (c *Conn) writable() bool {
	switch {
	case c.closeSent:
		return false
	case c.complete:
		return c.core == nil
	}
	return c.HalfOpen()
}

// HalfOpen reports whether data may be sent in a handshake that is not complete:
// by a server that has accepted early data, where what it is given by Input is
// early data, which somebody may have sent again; or by a client that does not
// wait for the server's Finished (RFC 7918). One goroutine has both sides until
// the handshake is complete.
func (c *Conn) HalfOpen() bool {
	if c.complete || c.err != nil {
		return false
	}
	if c.side == trace.Client {
		return c.Established().FalseStart
	}
	return c.Established().Early.Accepted()
}

// ExportEarly gives n bytes of keying material from early_exporter_secret; an
// error if early data was not offered, or was rejected. RFC 9846, section 7.5.
func (c *Conn) ExportEarly(label string, context []byte, n int) ([]byte, error) {
	e := c.Established().Early
	if e == nil || !e.Accepted() && !e.Flows() || c.side == trace.Server && !e.Accepted() || !exportable(label, context, n) {
		return nil, fault.With(fault.Internal, "no early keying material can be had: %d bytes, label of %d", n, len(label))
	}
	return e.Exporter.Export(label, context, n), nil
}
