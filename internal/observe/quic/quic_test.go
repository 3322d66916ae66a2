package quic

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/handsel-tls/handsel/internal/observe/packet"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
)

var id = []byte{0x83, 0x94, 0xc8, 0xf0, 0x3e, 0x51, 0x57, 0x08}

// TestKeys: the examples of RFC 9001, appendix A.1, and RFC 9369, appendix A.1.
func TestKeys(t *testing.T) {
	for _, c := range []struct {
		v           Version
		side        string
		key, iv, hp string
	}{
		{Version1, "client in", "1f369613dd76d5467730efcbe3b1a22d", "fa044b2f42a3fd3b46fb255c", "9f50449e04a0e810283a1e9933adedd2"},
		{Version1, "server in", "cf3a5331653c364c88f0f379b6067e37", "0ac1493ca1905853b0bba03e", "c206b8d9b9f0f37644430b490eeaa314"},
		{Version2, "client in", "8b1a0bc121284290a29e0971b5cd045d", "91f73e2351d8fa91660e909f", "45b95e15235d6f45a6b19cbcb0294ba9"},
	} {
		d, _ := c.v.dialect()
		k, err := d.newKeys(id, c.side)
		if err != nil {
			t.Fatal(err)
		}
		if hex.EncodeToString(k.iv[:]) != c.iv {
			t.Errorf("version %v, %s: the IV is %x", c.v, c.side, k.iv)
		}
		secret := func(key string) []byte { b, _ := hex.DecodeString(key); return b }
		if !sameCipher(k, secret(c.key), secret(c.hp)) {
			t.Errorf("version %v, %s: other keys", c.v, c.side)
		}
	}
}

// seal makes an Initial of frames.
func seal(t testing.TB, v Version, side string, number byte, frames []byte) []byte {
	t.Helper()
	d, _ := v.dialect()
	k, err := d.newKeys(id, side)
	if err != nil {
		t.Fatal(err)
	}
	for len(frames) < 40 {
		frames = append(frames, 0)
	}
	to := id
	if side == "server in" {
		to = nil
	}
	b := []byte{0xc0 | d.initial<<4, 0, 0, 0, 0}
	binary.BigEndian.PutUint32(b[1:], uint32(v))
	b = append(append(b, byte(len(to))), to...)
	b = append(b, 0, 0)
	b = binary.BigEndian.AppendUint16(b, 0x4000|uint16(1+len(frames)+16))
	at := len(b)
	b = append(b, number)
	nonce := k.iv
	nonce[11] ^= number
	b = k.aead.Seal(b, nonce[:], frames, b)
	var mask [16]byte
	k.head.Encrypt(mask[:], b[at+4:at+20])
	b[0] ^= mask[0] & 0x0f
	b[at] ^= mask[1]
	return b
}

func crypto(at int, data string) []byte {
	b := binary.BigEndian.AppendUint16([]byte{6}, 0x4000|uint16(at))
	return append(binary.BigEndian.AppendUint16(b, 0x4000|uint16(len(data))), data...)
}

// told is a Handler that notes what it is told.
type told struct {
	said  [2]strings.Builder
	codes []uint64
	ended []*Conn
}

func (h *told) Crypto(_ *Conn, from trace.Side, data []byte, _ *packet.Datagram) {
	h.said[from-1].Write(data)
}
func (h *told) Closed(_ *Conn, _ trace.Side, code uint64, _ *packet.Datagram) {
	h.codes = append(h.codes, code)
}
func (h *told) Ended(c *Conn) { h.ended = append(h.ended, c) }

var client, server = netip.MustParseAddrPort("192.0.2.1:40000"), netip.MustParseAddrPort("198.51.100.1:443")

func datagram(from trace.Side, at int64, b []byte) *packet.Datagram {
	if from == trace.Client {
		return &packet.Datagram{Frame: 1, Time: at, Src: client, Dst: server, Payload: b}
	}
	return &packet.Datagram{Frame: 2, Time: at, Src: server, Dst: client, Payload: b}
}

// TestInitials has a handshake come in pieces: late, twice, overlapping, several in a
// datagram, and the server close the connection with an alert.
func TestInitials(t *testing.T) {
	for _, v := range []Version{Version1, Version2, 0xff00001d, 0xff00001b, mvfst27} {
		h := &told{}
		table := NewTable(h)
		last := seal(t, v, "client in", 1, crypto(10, "klmnopqrst"))
		table.Add(datagram(trace.Client, 1, last))
		table.Add(datagram(trace.Client, 2, last))
		both := append(seal(t, v, "client in", 0, crypto(0, "abcd")), seal(t, v, "client in", 2, append([]byte{1, 2, 0, 0, 0, 0}, crypto(3, "defghijk")...))...)
		table.Add(datagram(trace.Client, 3, append(both, 0, 0, 0)))
		table.Add(datagram(trace.Server, 4, seal(t, v, "server in", 0, append(crypto(0, "answer"), 0x1c, 0x41, 0x28, 0, 0))))
		table.Add(datagram(trace.Server, 5, []byte("\xc0no packet of QUIC at all")))
		table.Close()
		if h.said[0].String() != "abcdefghijklmnopqrst" || h.said[1].String() != "answer" || !slices.Equal(h.codes, []uint64{0x128}) {
			t.Errorf("version %v: %q %q %x", v, h.said[0].String(), h.said[1].String(), h.codes)
		}
		if len(h.ended) != 1 || h.ended[0].Version != v || h.ended[0].Last != 4 || h.ended[0].Sides[0].Datagrams != 3 {
			t.Errorf("version %v: %+v", v, h.ended)
		}
	}
}

// TestTamper changes every byte of an Initial: nothing is told of any.
func TestTamper(t *testing.T) {
	good := seal(t, Version1, "client in", 0, crypto(0, "hello"))
	for i := range good {
		b := bytes.Clone(good)
		b[i] ^= 1
		h := &told{}
		table := NewTable(h)
		table.Add(datagram(trace.Client, 1, b))
		table.Add(datagram(trace.Client, 1, good[:i]))
		table.Close()
		if h.said[0].Len() > 0 || len(h.ended) > 0 {
			t.Errorf("byte %d is changed, and %q is told", i, h.said[0].String())
		}
	}
}

// TestMany: connections do not pile up, neither many at a time nor over time.
func TestMany(t *testing.T) {
	h := &told{}
	table := NewTable(h)
	b := seal(t, Version1, "client in", 0, crypto(0, "hello"))
	for i := range 3 * mostConns {
		u := datagram(trace.Client, int64(i), b)
		u.Src = netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}), 1000)
		table.Add(u)
		if len(table.order) > mostConns || len(table.conns) != len(table.order) {
			t.Fatalf("%d and %d connections", len(table.order), len(table.conns))
		}
	}
	table.Add(datagram(trace.Client, 1e12, b))
	if len(table.order) != 1 || len(h.ended) != 3*mostConns {
		t.Errorf("%d are open, %d have ended", len(table.order), len(h.ended))
	}
}

func FuzzAdd(f *testing.F) {
	f.Add(seal(f, Version1, "client in", 0, crypto(0, "hello")), []byte(nil))
	f.Add([]byte("\xc0\x00\x00\x00\x01\x00\x00\x00\x00"), []byte("\x06\x00\x41"))
	f.Fuzz(func(t *testing.T, b, frames []byte) {
		h := &told{}
		table := NewTable(h)
		table.Add(datagram(trace.Client, 1, b))
		if len(frames) < 1000 {
			table.Add(datagram(trace.Client, 2, seal(t, Version1, "client in", 0, frames)))
			table.Add(datagram(trace.Server, 3, seal(t, Version1, "server in", 0, frames)))
		}
		table.Close()
		if len(h.ended) > 1 || h.said[0].Len() > len(b)+len(frames)+40 {
			t.Errorf("%d connections, %d bytes", len(h.ended), h.said[0].Len())
		}
	})
}

// TestCompatible: a server that answers in another version than the client began
// with, whose keys come from the same ID, is understood, and so is what follows.
func TestCompatible(t *testing.T) {
	h := &told{}
	table := NewTable(h)
	table.Add(datagram(trace.Client, 1, seal(t, Version1, "client in", 0, crypto(0, "hello"))))
	table.Add(datagram(trace.Server, 2, seal(t, Version2, "server in", 0, crypto(0, "answer"))))
	table.Add(datagram(trace.Client, 3, seal(t, Version2, "client in", 1, crypto(5, " again"))))
	table.Close()
	if h.said[0].String() != "hello again" || h.said[1].String() != "answer" || len(h.ended) != 1 || h.ended[0].Version != Version2 {
		t.Errorf("%q %q %+v", h.said[0].String(), h.said[1].String(), h.ended)
	}
}

// TestReversed: a hello may come in as many frames as it has bytes, the last first.
func TestReversed(t *testing.T) {
	h := &told{}
	table := NewTable(h)
	text := strings.Repeat("0123456789", 50)
	for i := len(text) - 1; i >= 0; i-- {
		table.Add(datagram(trace.Client, int64(i), seal(t, Version1, "client in", byte(i), crypto(i, text[i:i+1]))))
	}
	table.Close()
	if h.said[0].String() != text {
		t.Errorf("%q", h.said[0].String())
	}
}
