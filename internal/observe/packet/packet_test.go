package packet

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"path/filepath"
	"slices"
	"testing"

	"github.com/handsel-tls/handsel/internal/observe/pcap"
)

var (
	four = Segment{
		Src: netip.MustParseAddrPort("192.0.2.1:50000"), Dst: netip.MustParseAddrPort("198.51.100.2:443"),
		Seq: 0x01020304, Ack: 0x05060708, Flags: ACK | PSH, Window: 4660, ID: 99, TTL: 57, Options: []byte{1, 1, 1, 0}, Payload: []byte("some bytes of payload, and an odd number"),
	}
	six = func() Segment {
		s := four
		s.ID = 0
		s.Src, s.Dst = netip.MustParseAddrPort("[2001:db8::1]:50000"), netip.MustParseAddrPort("[2001:db8::2]:443")
		return s
	}()
)

// raw gives the IP packet of a segment, frame that with Ethernet before it.
func raw(s Segment) []byte   { return s.Append(nil, pcap.LinkRaw) }
func frame(s Segment) []byte { return s.Append(nil, pcap.LinkEthernet) }

func join(parts ...any) (b []byte) {
	for _, p := range parts {
		switch p := p.(type) {
		case []byte:
			b = append(b, p...)
		case string:
			b = append(b, p...)
		case int:
			b = binary.BigEndian.AppendUint16(b, uint16(p))
		}
	}
	return b
}

// ip4 puts a header of IPv4 before what it carries, ip6 one of IPv6.
func ip4(proto byte, b []byte) []byte {
	return join("\x45\x00", 20+len(b), "\x00\x07\x00\x00\x40", []byte{proto}, "\x00\x00\x0a\x00\x00\x01\x0a\x00\x00\x02", b)
}

func ip6(next byte, b []byte) []byte {
	return join("\x60\x00\x00\x00", len(b), []byte{next, 64}, make([]byte, 15), "\x01", make([]byte, 15), "\x02", b)
}

func udp(port int, b []byte) []byte { return ip4(protoUDP, join(999, port, 8+len(b), 0, b)) }

const macs = "\x02\x00\x00\x00\x00\x02\x02\x00\x00\x00\x00\x01"

// option6 puts an extension header before the TCP segment of an IPv6 packet.
func option6(kind byte, header string) []byte {
	p := raw(six)
	p[6] = kind
	binary.BigEndian.PutUint16(p[4:], uint16(len(p)-40+len(header)))
	return slices.Insert(p, 40, []byte(header)...)
}

// TestLayers decodes the same segment within everything that it may stand in.
func TestLayers(t *testing.T) {
	tso := frame(four)
	binary.BigEndian.PutUint16(tso[16:], 0)
	overlong := raw(four)
	binary.BigEndian.PutUint16(overlong[2:], uint16(len(overlong)+3))
	for _, c := range []struct {
		name string
		link pcap.Link
		data []byte
		via  string
	}{
		{"ethernet", pcap.LinkEthernet, frame(four), ""},
		{"ethernet ipv6", pcap.LinkEthernet, frame(six), ""},
		{"padding", pcap.LinkEthernet, append(frame(four), 0, 0, 0, 0, 1, 2, 3, 4), ""},
		{"tso", pcap.LinkEthernet, tso, ""},
		{"raw", pcap.LinkRaw, raw(four), ""},
		{"raw, old number", pcap.LinkRawOld1, raw(six), ""},
		{"ipv4", pcap.LinkIPv4, raw(four), ""},
		{"ipv6", pcap.LinkIPv6, raw(six), ""},
		{"null little", pcap.LinkNull, join("\x02\x00\x00\x00", raw(four)), ""},
		{"null big", pcap.LinkNull, join("\x00\x00\x00\x1e", raw(six)), ""},
		{"loop", pcap.LinkLoop, join("\x00\x00\x00\x18", raw(six)), ""},
		{"sll", pcap.LinkSLL, join("\x00\x00\x03\x04\x00\x06", make([]byte, 8), etherIPv4, raw(four)), ""},
		{"sll vlan", pcap.LinkSLL, join("\x00\x00\x03\x04\x00\x06", make([]byte, 8), etherVLAN, 5, etherIPv4, raw(four)), "vlan 5"},
		{"sll2", pcap.LinkSLL2, join(etherIPv6, make([]byte, 18), raw(six)), ""},
		{"ppp", pcap.LinkPPP, join(0x0021, raw(four)), ""},
		{"ppp hdlc", pcap.LinkPPPHDLC, join("\xff\x03\x57", raw(six)), ""},
		{"vlan", pcap.LinkEthernet, join(macs, etherVLAN, 0x6000|5, etherIPv4, raw(four)), "vlan 5"},
		{"qinq", pcap.LinkEthernet, join(macs, etherQinQ, 100, etherVLAN, 200, etherIPv6, raw(six)), "vlan 100, vlan 200"},
		{"pppoe", pcap.LinkEthernet, join(macs, etherPPPoE, "\x11\x00", 7, 2+len(raw(four)), 0x0021, raw(four)), "pppoe 7"},
		{"pppoe, and padding that ip counts", pcap.LinkEthernet, join(macs, etherPPPoE, "\x11\x00", 7, 2+len(raw(four)), 0x0021, overlong, "\x00\x00\x00"), "pppoe 7"},
		{"security group tag", pcap.LinkEthernet, join(macs, etherTagged, "\x01\x01\x00\x01\x00\x02", etherIPv4, raw(four)), ""},
		{"mpls", pcap.LinkEthernet, join(macs, etherMPLS, "\x00\x01\x00\x40\x00\x02\x01\x40", raw(four)), "mpls 16, mpls 32"},
		{"pseudowire", pcap.LinkEthernet, join(macs, etherMPLS, "\x00\x01\x01\x40\x00\x00\x00\x00", frame(four)), "mpls 16"},
		{"snap", pcap.LinkEthernet, join(macs, len(raw(four))+8, "\xaa\xaa\x03\x00\x00\x00", etherIPv4, raw(four)), ""},
		{"ip in ip", pcap.LinkRaw, ip4(protoIPv4, raw(four)), "ip in ip"},
		{"6in4", pcap.LinkRaw, ip4(protoIPv6, raw(six)), "ipv6 in ip"},
		{"4in6", pcap.LinkRaw, ip6(protoIPv4, raw(four)), "ip in ip"},
		{"gre", pcap.LinkRaw, ip4(protoGRE, join(0, etherIPv4, raw(four))), "gre"},
		{"gre key and sequence", pcap.LinkRaw, ip4(protoGRE, join(0x3000, etherIPv6, "keysseqs", raw(six))), "gre"},
		{"gre ethernet", pcap.LinkRaw, ip6(protoGRE, join(0, etherBridge, frame(four))), "gre"},
		{"pptp", pcap.LinkRaw, ip4(protoGRE, join(0x3081, etherPPP, "lencseqsacks", 0x21, raw(four))), "gre"},
		{"erspan 2", pcap.LinkRaw, ip4(protoGRE, join(0x1000, etherSpan2, "seqs", "8 bytes.", frame(four))), "erspan"},
		{"erspan 1", pcap.LinkRaw, ip4(protoGRE, join(0, etherSpan2, frame(four))), "erspan"},
		{"erspan 3", pcap.LinkRaw, ip4(protoGRE, join(0x1000, etherSpan3, "seqs", "12 bytes...\x00", frame(four))), "erspan"},
		{"vxlan", pcap.LinkRaw, udp(portVXLAN, join("\x08\x00\x00\x00\x00\x00\x2a\x00", frame(four))), "vxlan 42"},
		{"vxlan with a policy", pcap.LinkRaw, udp(portVXLAN, join("\x88\x00\x00\x07\x00\x00\x2a\x00", frame(four))), "vxlan 42"},
		{"geneve", pcap.LinkRaw, udp(portGeneve, join("\x01\x00", etherBridge, "\x00\x00\x2a\x00", "opts", frame(six))), "geneve 42"},
		{"geneve ip", pcap.LinkRaw, udp(portGeneve, join("\x00\x00", etherIPv4, "\x00\x00\x2a\x00", raw(four))), "geneve 42"},
		{"gtp", pcap.LinkRaw, udp(portGTP, join("\x30\xff\x00\x50\x00\x00\x00\x2a", raw(four))), "gtp 42"},
		{"gtp extension", pcap.LinkRaw, udp(portGTP, join("\x34\xff\x00\x50\x00\x00\x00\x2a\x00\x00\x00\x85\x01\x00\x09\x00", raw(four))), "gtp 42"},
		{"authentication", pcap.LinkRaw, func() []byte {
			p := raw(four)
			p[9] = protoAuth
			binary.BigEndian.PutUint16(p[2:], uint16(len(p)+24))
			return slices.Insert(p, 20, join("\x06\x04", make([]byte, 22))...)
		}(), ""},
		{"hop by hop", pcap.LinkRaw, option6(protoHopByHop, "\x06\x00\x01\x04\x00\x00\x00\x00"), ""},
		{"destination", pcap.LinkRaw, option6(protoDest, "\x06\x01\x01\x0c"+string(make([]byte, 12))), ""},
		{"fragment alone", pcap.LinkRaw, option6(protoFragment, "\x06\x00\x00\x00\x00\x00\x00\x09"), ""},
		{"authentication ipv6", pcap.LinkRaw, option6(protoAuth, "\x06\x04"+string(make([]byte, 22))), ""},
	} {
		var d Decoder
		var s Segment
		k := d.Decode(&pcap.Packet{Number: 9, Time: 10, Link: c.link, Data: c.data, Length: len(c.data)}, &s, new(Datagram))
		if k != TCP {
			t.Errorf("%s: kind %d", c.name, k)
			continue
		}
		want := four
		if s.Src.Addr().Is6() {
			want = six
		}
		if s.Frame != 9 || s.Time != 10 || s.Src != want.Src || s.Dst != want.Dst || s.Seq != want.Seq || s.Ack != want.Ack || s.Flags != want.Flags ||
			s.Window != want.Window || s.ID != want.ID || s.TTL != want.TTL || s.Sum != SumRight || !bytes.Equal(s.Options, want.Options) || !bytes.Equal(s.Payload, want.Payload) || s.Snapped != 0 {
			t.Errorf("%s: %+v", c.name, s)
		}
		if s.Via != c.via {
			t.Errorf("%s: via %q, want %q", c.name, s.Via, c.via)
		}
		// However short it is cut, nothing panics, and what is missing is counted.
		for n := range c.data {
			k := d.Decode(&pcap.Packet{Link: c.link, Data: c.data[:n:n], Length: len(c.data)}, &s, new(Datagram))
			if k == TCP && len(s.Payload)+s.Snapped != len(want.Payload) && c.name != "padding" {
				t.Errorf("%s: cut to %d: %d bytes and %d", c.name, n, len(s.Payload), s.Snapped)
			}
			if k == TCP && s.Snapped > 0 && s.Sum != SumUnknown {
				t.Errorf("%s: cut to %d: checksum %d", c.name, n, s.Sum)
			}
		}
	}
}

func TestSums(t *testing.T) {
	decode := func(b []byte) Sum {
		var d Decoder
		var s Segment
		d.Decode(&pcap.Packet{Link: pcap.LinkRaw, Data: b, Length: len(b)}, &s, nil)
		return s.Sum
	}
	for _, good := range [][]byte{raw(four), raw(six)} {
		at := len(good) - 24 - len(four.Payload) + 16
		bad := bytes.Clone(good)
		bad[len(bad)-1]++
		if got := decode(bad); got != SumWrong {
			t.Errorf("wrong: %d", got)
		}
		partial := bytes.Clone(good)
		addresses := partial[len(partial)-24-len(four.Payload)-8 : len(partial)-24-len(four.Payload)]
		if len(good) == len(raw(six)) {
			addresses = partial[8:40]
		}
		length := uint64(24 + len(four.Payload))
		binary.BigEndian.PutUint16(partial[at:], fold(words(addresses)+protoTCP+length))
		if got := decode(partial); got != SumPartial {
			t.Errorf("partial: %d", got)
		}
	}
	// Against the sum as RFC 1071 has it, one number after another.
	b := make([]byte, 100)
	for i := range b {
		b[i] = byte(i * 151)
		var sum uint64
		for j := range i {
			sum += uint64(b[j]) << (8 * (1 - j%2))
		}
		if got, want := fold(words(b[:i])), fold(sum); got != want {
			t.Errorf("%d bytes: %04x, want %04x", i, got, want)
		}
	}
}

// piece cuts a fragment out of the IPv4 or IPv6 packet p.
func piece(p []byte, from, to int, id uint16) []byte {
	if p[0]>>4 == 4 {
		to = min(to, len(p)-20)
		b := join(p[:20], p[20+from:20+to])
		binary.BigEndian.PutUint16(b[2:], uint16(len(b)))
		binary.BigEndian.PutUint16(b[4:], id)
		part := from / 8
		if to < len(p)-20 {
			part |= 0x2000
		}
		binary.BigEndian.PutUint16(b[6:], uint16(part))
		return b
	}
	to = min(to, len(p)-40)
	part := from
	if to < len(p)-40 {
		part |= 1
	}
	b := join(p[:40], []byte{p[6], 0}, part, 0, int(id), p[40+from:40+to])
	b[6] = protoFragment
	binary.BigEndian.PutUint16(b[4:], uint16(len(b)-40))
	return b
}

func TestFragments(t *testing.T) {
	for _, whole := range [][]byte{raw(four), raw(six)} {
		other := bytes.Clone(whole)
		for i := range 10 {
			other[len(other)-1-i] = 'x'
		}
		for name, order := range map[string][]span{
			"in order":   {{0, 24}, {24, 48}, {48, 99}},
			"backwards":  {{48, 99}, {24, 48}, {0, 24}},
			"twice":      {{0, 24}, {0, 24}, {24, 48}, {24, 48}, {48, 99}},
			"overlap":    {{0, 32}, {48, 99}, {16, 56}},
			"around":     {{24, 32}, {0, 40}, {32, 99}},
			"one byte 8": {{0, 8}, {16, 24}, {8, 16}, {32, 99}, {24, 32}},
		} {
			var d Decoder
			var s Segment
			for i, sp := range order {
				b := piece(whole, sp.from, sp.to, 77)
				k := d.Decode(&pcap.Packet{Link: pcap.LinkRaw, Data: b, Length: len(b)}, &s, nil)
				clear(b)
				if last := i == len(order)-1; k != Fragment && !last || last && k != TCP {
					t.Fatalf("%s: fragment %d: kind %d", name, i, k)
				}
			}
			if !bytes.Equal(s.Payload, four.Payload) || s.Sum != SumRight || len(s.Frames) != len(order) {
				t.Errorf("%s: %q, checksum %d, fragments %d", name, s.Payload, s.Sum, s.Frames)
			}
			if len(d.frags.open) != 0 || d.frags.bytes != 0 {
				t.Errorf("%s: %d datagrams with %d bytes are left", name, len(d.frags.open), d.frags.bytes)
			}
		}
		// What comes first stands.
		var d Decoder
		var s Segment
		for _, b := range [][]byte{piece(whole, 40, 99, 1), piece(other, 40, 99, 1), piece(whole, 0, 40, 1)} {
			d.Decode(&pcap.Packet{Link: pcap.LinkRaw, Data: b, Length: len(b)}, &s, nil)
		}
		if !bytes.Equal(s.Payload, four.Payload) {
			t.Errorf("%q", s.Payload)
		}
	}
}

// TestFragmentLimits sends fragments that never become whole.
func TestFragmentLimits(t *testing.T) {
	whole := ip4(protoTCP, make([]byte, 60000))
	var d Decoder
	var s Segment
	for i := range 5000 {
		b := piece(whole, 8*(i%5000), 8*(i%5000)+1024, uint16(i/3))
		d.Decode(&pcap.Packet{Link: pcap.LinkRaw, Data: b, Length: len(b), Time: int64(i)}, &s, nil)
		sum := 0
		for _, g := range d.frags.open {
			sum += cap(g.data)
		}
		if sum != d.frags.bytes || sum > maxFragBytes+2*maxDatagram || len(d.frags.open) > maxDatagrams {
			t.Fatalf("%d datagrams with %d bytes, counted %d", len(d.frags.open), sum, d.frags.bytes)
		}
	}
	if d.Dropped == 0 {
		t.Error("none was given up")
	}
	for i := range 1000 { // one datagram in too many parts
		b := piece(whole, 16*i, 16*i+8, 9)
		d.Decode(&pcap.Packet{Link: pcap.LinkRaw, Data: b, Length: len(b), Time: 1e15}, &s, nil)
	}
	for _, g := range d.frags.open {
		if len(g.frames) > maxParts {
			t.Errorf("%d parts", len(g.frames))
		}
	}
}

// TestTunnelsEnd nests tunnels without end.
func TestTunnelsEnd(t *testing.T) {
	b := raw(four)
	for range 1000 {
		b = ip4(protoIPv4, b)
	}
	var d Decoder
	if k := d.Decode(&pcap.Packet{Link: pcap.LinkRaw, Data: b, Length: len(b)}, new(Segment), new(Datagram)); k != Malformed {
		t.Errorf("kind %d", k)
	}
}

func TestDatagram(t *testing.T) {
	var d Decoder
	var u Datagram
	b := udp(portVXLAN, []byte("not a tunnel at all"))
	if k := d.Decode(&pcap.Packet{Link: pcap.LinkRaw, Data: b, Length: len(b)}, new(Segment), &u); k != UDP || u.Src.Port() != 999 || string(u.Payload) != "not a tunnel at all" || u.Via != "" {
		t.Errorf("kind %d, %+v", k, u)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(uint16(pcap.LinkEthernet), frame(four), 0)
	f.Add(uint16(pcap.LinkRaw), raw(six), 3)
	f.Add(uint16(pcap.LinkRaw), piece(raw(four), 0, 24, 1), 0)
	f.Add(uint16(pcap.LinkRaw), piece(raw(six), 24, 99, 1), 0)
	f.Add(uint16(pcap.LinkRaw), udp(portGeneve, join("\x01\x00", etherBridge, "\x00\x00\x2a\x00", "opts", frame(six))), 0)
	f.Add(uint16(pcap.LinkEthernet), join(macs, etherMPLS, "\x00\x01\x00\x40\x00\x02\x01\x40", raw(four)), 0)
	f.Add(uint16(pcap.LinkRaw), ip4(protoGRE, join(0x3081, etherPPP, "lencseqsacks", 0x21, raw(four))), 0)
	files, _ := filepath.Glob("../../../../shared/captures/*.pcap*") // where they exist
	for _, path := range files {
		r, err := pcap.Open(path)
		if err != nil {
			continue
		}
		var p pcap.Packet
		for i := 0; i < 3 && r.Next(&p) == nil; i++ {
			f.Add(uint16(p.Link), bytes.Clone(p.Data), p.Length-len(p.Data))
		}
		_ = r.Close()
	}
	f.Fuzz(func(t *testing.T, link uint16, b []byte, more int) {
		var d Decoder
		var s Segment
		p := &pcap.Packet{Link: pcap.Link(link), Data: b, Length: len(b) + more}
		for range 2 {
			if d.Decode(p, &s, new(Datagram)) == TCP && len(s.Payload) > max(len(b), maxDatagram) {
				t.Errorf("%d bytes of payload out of %d", len(s.Payload), len(b))
			}
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	s := four
	s.Payload = make([]byte, 1446)
	p := &pcap.Packet{Link: pcap.LinkEthernet, Data: frame(s)}
	p.Length = len(p.Data)
	for _, noSums := range []bool{false, true} {
		b.Run(map[bool]string{false: "with checksum", true: "without"}[noSums], func(b *testing.B) {
			d := Decoder{NoSums: noSums}
			b.SetBytes(int64(len(p.Data)))
			b.ReportAllocs()
			for b.Loop() {
				d.Decode(p, &s, nil)
			}
		})
	}
}
