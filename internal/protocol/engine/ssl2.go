package engine

import (
	"time"

	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/handshake"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/sslv2"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
	"github.com/handsel-tls/handsel/internal/protocol/wire"
)

// isSSL2 reports whether the first bytes of a connection begin a record of SSL
// 2.0 with a CLIENT-HELLO. It takes three of them to tell.
func isSSL2(buf []byte) bool { return len(buf) >= 3 && buf[0]&0x80 != 0 && buf[2] == 1 }

// ssl2Length gives the length of the record with its header, in bytes.
func ssl2Length(buf []byte) int {
	return wire.SSL2HeaderLen + int(buf[0]&0x7f)<<8 + int(buf[1])
}

// refuseSSL2 refuses a CLIENT-HELLO by its version, which is in its first five
// bytes, where no settings that are still to come can allow it.
func (c *Conn) refuseSSL2(buf []byte) error {
	v := iana.Version(buf[3])<<8 | iana.Version(buf[4])
	switch {
	case c.side == trace.Server && c.config.AskSettings, v < iana.SSL30 && c.config.SSL2, v >= iana.SSL30 && c.config.Policy.SSL2Hello:
		return nil
	}
	return fault.With(fault.SSL2Hello, "for %v", v)
}

// takeSSL2 takes the SSL 2.0-format hello with which a connection begins. It
// goes on as the ClientHello that it stands for: RFC 5246, appendix E.2.
func (c *Conn) takeSSL2(rec []byte) error {
	msg := rec[wire.SSL2HeaderLen:]
	hello, err := wire.ParseSSL2ClientHello(msg)
	if err != nil {
		return fault.With(fault.HelloForm, "%w", err)
	}
	c.observe(false, handshake.SSL2Content, msg)
	c.core.SSL2Hello = append([]byte(nil), msg...)
	plain := hello.ClientHello()
	raw := plain.Append(nil)
	c.core.Log.Received(iana.MsgClientHello)
	c.step(handshake.Trigger(iana.MsgClientHello), handshake.Message{Type: iana.MsgClientHello, Body: raw[wire.HeaderLen:], Raw: raw})
	return c.err
}

// sendSSL2 sends a message of SSL 2.0, or a hello in its format.
func (c *Conn) sendSSL2(msg []byte) {
	c.observe(true, handshake.SSL2Content, msg)
	if c.ssl2 == nil {
		var plain sslv2.Records
		c.out = plain.Seal(c.out, msg)
		return
	}
	c.out = c.ssl2.Seal(c.out, msg)
}

// serveSSL2 goes on in SSL 2.0 with the CLIENT-HELLO that was received.
func (c *Conn) serveSSL2() {
	c.ssl2 = sslv2.NewRecords(1)
	c.machine = sslv2.NewServer(c.core, c.ssl2)
	msg := c.core.SSL2Hello
	c.step(handshake.Trigger(msg[0]), handshake.Message{Type: iana.HandshakeType(msg[0]), Raw: msg})
}

// inputSSL2 is Input in SSL 2.0: a record is a message until the handshake is
// complete, and data from then on.
func (c *Conn) inputSSL2(buf []byte, now time.Time) (n int, data []byte, err error) {
	if len(buf) > 0 {
		c.heard = true
	}
	if n = sslv2.Need(buf); len(buf) < n {
		return 0, nil, nil
	}
	c.begun = true
	c.tick(now)
	data, err = c.ssl2.Open(buf[:n])
	if err == nil {
		data, err = c.takeSSL2Record(data)
	}
	if err != nil {
		c.fail(err)
		return 0, nil, c.err
	}
	return n, data, c.err
}

func (c *Conn) takeSSL2Record(content []byte) (data []byte, err error) {
	if c.complete {
		if len(content) > 0 {
			c.count = counters{}
		} else if c.count.empty++; c.count.empty > maxEmptyRecords {
			return nil, fault.EmptyRecords
		}
		return content, nil
	}
	if len(content) == 0 {
		return nil, fault.EmptyHandshakeRecord
	}
	c.observe(false, handshake.SSL2Content, content)
	c.step(handshake.Trigger(content[0]), handshake.Message{Type: iana.HandshakeType(content[0]), Raw: content})
	return nil, c.err
}

// sealSSL2 appends records of application data.
func (c *Conn) sealSSL2(dst, data []byte) []byte {
	for len(data) > 0 {
		n := min(len(data), sslv2.MaxData)
		dst = c.ssl2.Seal(dst, data[:n])
		data = data[n:]
	}
	return dst
}
