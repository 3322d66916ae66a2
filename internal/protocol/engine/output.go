package engine

import (
	"sync"
	"time"

	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/handshake"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/record"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
	"github.com/handsel-tls/handsel/internal/protocol/wire"
)

// replies are what the reading side wants sent once the handshake is complete.
// The writing side sends it, because it alone has the keys.
type replies struct {
	alerts    []wire.Alert
	keyUpdate bool
	ended     bool // the peer has sent a fatal alert: nothing more may be sent
}

// HasReplies reports whether the reading side wants something sent: see Reply.
// It belongs to the reading side.
func (c *Conn) HasReplies() bool {
	return len(c.replies.alerts) > 0 || c.replies.keyUpdate || c.replies.ended || c.again.waiting
}

// Reply puts what the reading side wants sent into Output. It is the one call
// that needs both sides: the reading side makes it, with the writing side at
// rest.
func (c *Conn) Reply() {
	c.updateDue = c.updateDue || c.replies.keyUpdate
	for _, a := range c.replies.alerts {
		c.sendAlert(a)
	}
	c.closeSent = c.closeSent || c.replies.ended
	c.replies = replies{}
	if c.again.waiting && c.err == nil {
		c.beginAgain(c.again.message)
	}
}

// Output gives the records that are to be sent to the peer, application data
// aside. They stay until Sent is called.
func (c *Conn) Output() []byte { return c.out }

// Sent says that Output was taken over.
func (c *Conn) Sent() {
	if c.outBuf == nil {
		c.out = nil
		return
	}
	*c.outBuf = c.out[:0]
	c.out = c.out[:0]
	if c.complete { // an idle connection keeps no buffer
		outputs.Put(c.outBuf)
		c.out, c.outBuf = nil, nil
	}
}

// outputs are buffers for the records of a handshake.
var outputs = sync.Pool{New: func() any {
	b := make([]byte, 0, 4096)
	return &b
}}

// perform carries out the effects of a step in their order.
func (c *Conn) perform() error {
	if c.core == nil {
		return nil
	}
	out := &c.core.Out
	defer out.Clear()
	for _, e := range out.Effects() {
		if err := c.effect(e); err != nil {
			return err
		}
	}
	return nil
}

func (c *Conn) effect(e handshake.Effect) error {
	switch e.Kind {
	case handshake.Send:
		if e.Content == iana.ContentHandshake && c.goesOn() {
			// The peer goes on before it can have heard the answer.
			return fault.ExcessHandshakeData
		}
		if e.Content == iana.ContentChangeCipherSpec && c.core.Done.Version == 0 {
			c.write.SetVersion(iana.TLS12) // the initial ClientHello was sent
		}
		c.observe(true, e.Content, c.core.Out.Bytes(e))
		c.seal(e.Content, c.core.Out.Bytes(e))
		return c.write.Err()
	case handshake.Show:
		c.observe(true, e.Content, c.core.Out.Bytes(e))
	case handshake.SendSSL2:
		c.sendSSL2(c.core.Out.Bytes(e))
	case handshake.SSL2Keys:
		c.core.Log.Keys(trace.WriteKeys)
		c.core.Log.Keys(trace.ReadKeys)
		c.ssl2.Protect()
	case handshake.WriteKeys:
		c.core.Log.Keys(trace.WriteKeys)
		c.limitWrite()
		return c.write.Install(e.Keys)
	case handshake.ReadKeys:
		if c.goesOn() {
			return fault.ExcessHandshakeData
		}
		c.core.Log.Keys(trace.ReadKeys)
		c.limitRead()
		return c.read.Install(e.Keys)
	case handshake.Limits:
		c.limitWrite()
		c.limitRead()
	case handshake.Refuse:
		return e.Fault
	case handshake.Decide:
		c.decided = true
	case handshake.Complete:
		if c.goesOn() {
			return fault.ExcessHandshakeData
		}
		if c.complete {
			c.again.count++
		}
		c.complete, c.done = true, true
		if c.core.Config.Record {
			c.record = c.newRecord(nil)
		}
	}
	return nil
}

// goesOn reports whether there is something behind the message that is read, where
// the peer has to wait for an answer first, or keys change.
func (c *Conn) goesOn() bool { return (c.more || len(c.partial) > 0) && !c.authenticating() }

// limitRead and limitWrite set the length of records to what the handshake has
// agreed on, and what is sent to what this side wants to send at most.
func (c *Conn) limitRead() { c.read.SetLimit(c.core.Done.ReadLimit) }

func (c *Conn) limitWrite() {
	n, ours := c.core.Done.WriteLimit, c.core.Config.SendLimit
	if n == 0 || ours > 0 && ours < n {
		n = ours
	}
	c.write.SetLimit(n)
}

// seal puts content into records of at most 2^14 bytes (RFC 9846, section
// 5.1), or what else was agreed on.
func (c *Conn) seal(ct iana.ContentType, content []byte) {
	for {
		n := min(len(content), c.write.Limit())
		c.out = c.write.Seal(c.out, ct, content[:n])
		if content = content[n:]; len(content) == 0 {
			return
		}
	}
}

// Seal appends the records of application data to dst. The handshake has to
// be complete, or HalfOpen.
func (c *Conn) Seal(dst, data []byte) ([]byte, error) {
	if !c.writable() {
		return dst, fault.With(fault.Internal, "the connection is not open for writing")
	}
	if c.ssl2 != nil {
		return c.sealSSL2(dst, data), nil
	}
	for len(data) > 0 {
		if c.updateDue || c.write.NearLimit() {
			if err := c.renewWriteKeys(); err != nil {
				return dst, err
			}
			dst = append(dst, c.out...)
			c.out = nil
		}
		n := min(len(data), c.write.Limit())
		if c.write.Chained() && n > 1 {
			// Nobody who chose the data knows the vector of what comes after its
			// first byte: that is the last block of a record with a MAC of its
			// own (BEAST, CVE-2011-3389).
			dst = c.write.Seal(dst, iana.ContentApplicationData, data[:1])
			data, n = data[1:], n-1
		}
		dst = c.write.Seal(dst, iana.ContentApplicationData, data[:n])
		data = data[n:]
	}
	return dst, c.write.Err()
}

// renewWriteKeys changes keys that have protected as much as they may, or that
// the peer wants changed: however often it has said so, once before the next
// data. RFC 9846, sections 4.7.3 and 5.5; TLS 1.2 and below cannot do it.
func (c *Conn) renewWriteKeys() error {
	if c.established.Version != iana.TLS13 { // or not yet established
		return fault.KeyUsageExhausted
	}
	return c.sendKeyUpdate(false)
}

// KeyUpdate changes the keys for writing, and asks the peer to do the same if
// request is set. RFC 9846, section 4.7.3.
func (c *Conn) KeyUpdate(request bool) error {
	if !c.complete || c.closeSent || c.established.Version != iana.TLS13 {
		return fault.With(fault.Internal, "keys can be updated on an open TLS 1.3 connection only")
	}
	return c.sendKeyUpdate(request)
}

func (c *Conn) sendKeyUpdate(request bool) error {
	c.updateDue = false
	m := wire.KeyUpdate{UpdateRequested: request}
	message := m.Append(nil)
	c.observe(true, iana.ContentHandshake, message)
	c.seal(iana.ContentHandshake, message)
	c.established.WriteTraffic = c.established.WriteTraffic.NextTraffic()
	keys := record.Keys13(c.established.Suite, c.established.WriteTraffic)
	return c.write.Install(&keys)
}

// Close sends close_notify: no more data will be written. What the peer sends
// can still be read (RFC 9846, section 6.1).
func (c *Conn) Close() {
	if !c.closeSent {
		c.sendAlert(wire.Alert{Level: iana.LevelWarning, Description: iana.AlertCloseNotify})
	}
}

// Alert ends the connection with a fatal alert that the host chose.
func (c *Conn) Alert(a iana.Alert, now time.Time) {
	c.tick(now)
	c.alert(iana.LevelFatal, a)
	c.end(fault.With(fault.Canceled, "the program ended it with the alert %v", a))
}

// alert sends an alert, or leaves that to the writing side once the handshake
// is complete.
func (c *Conn) alert(level iana.AlertLevel, a iana.Alert) {
	alert := wire.Alert{Level: level, Description: a}
	if c.core == nil {
		c.replies.alerts = append(c.replies.alerts, alert)
		return
	}
	c.sendAlert(alert)
}

func (c *Conn) sendAlert(a wire.Alert) {
	if c.closeSent {
		return
	}
	if c.ssl2 != nil { // which has no alerts
		c.closeSent = a.Level == iana.LevelFatal || a.Description == iana.AlertCloseNotify
		return
	}
	if c.core != nil {
		c.core.Log.AlertSent(a.Level, a.Description)
	}
	a.Description = alertFor(c.Established().Version, a.Description)
	message := a.Append(nil)
	c.observe(true, iana.ContentAlert, message)
	c.seal(iana.ContentAlert, message)
	c.closeSent = a.Level == iana.LevelFatal || a.Description == iana.AlertCloseNotify
}
