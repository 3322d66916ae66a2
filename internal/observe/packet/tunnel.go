package packet

import (
	"encoding/binary"
	"strconv"
)

// Types of what a frame of Ethernet, a tunnel or a cooked capture holds.
const (
	etherIPv4    = 0x0800
	etherIPv6    = 0x86dd
	etherVLAN    = 0x8100
	etherQinQ    = 0x88a8
	etherQinQOld = 0x9100
	etherMPLS    = 0x8847
	etherPPPoE   = 0x8864 // session
	etherBridge  = 0x6558 // a frame of Ethernet
	etherSpan2   = 0x88be // a mirrored frame, ERSPAN types I and II
	etherSpan3   = 0x22eb // ERSPAN type III
	etherPPP     = 0x880b
	etherTagged  = 0x8909 // Cisco's metadata: a security group tag
)

// UDP ports of tunnels.
const (
	portGTP       = 2152
	portVXLAN     = 4789
	portVXLANOld  = 8472
	portGeneve    = 6081
	gtpPayload    = 0xff // message type: a packet of the subscriber
	gtpExtensions = 7    // flags that say that 4 bytes more follow
)

// deeper counts layers, and reports whether there may be one more.
func (d *Decoder) deeper() bool {
	d.layers++
	return d.layers <= maxLayers
}

// note remembers that a layer was taken off.
func (d *Decoder) note(what string, number int) {
	b := d.via[:d.viaLen]
	if len(b)+len(what)+16 > len(d.via) {
		return
	}
	if len(b) > 0 {
		b = append(b, ", "...)
	}
	b = append(b, what...)
	if number >= 0 {
		b = append(b, ' ')
		b = strconv.AppendInt(b, int64(number), 10)
	}
	d.viaLen = len(b)
}

// viaText gives what was noted. It makes each text once, up to a limit.
func (d *Decoder) viaText() string {
	if d.viaLen == 0 {
		return ""
	}
	if s, ok := d.vias[string(d.via[:d.viaLen])]; ok {
		return s
	}
	s := string(d.via[:d.viaLen])
	if d.vias == nil {
		d.vias = map[string]string{}
	}
	if len(d.vias) < 4096 {
		d.vias[s] = s
	}
	return s
}

// etherType goes on with what a type says.
func (d *Decoder) etherType(t uint16, b []byte) Kind {
	for d.deeper() {
		switch t {
		case etherIPv4, etherIPv6:
			return d.ip(b)
		case etherVLAN, etherQinQ, etherQinQOld: // tag 2 bytes, type 2
			if len(b) < 4 {
				return Cut
			}
			d.note("vlan", int(binary.BigEndian.Uint16(b)&0xfff))
			t, b = binary.BigEndian.Uint16(b[2:]), b[4:]
		case etherTagged: // version 1 byte, number of options 1, then 4 bytes each, type 2
			if len(b) < 2 || len(b) < 4+int(b[1])*4 {
				return Cut
			}
			n := 4 + int(b[1])*4
			t, b = binary.BigEndian.Uint16(b[n-2:]), b[n:]
		case etherMPLS:
			return d.mpls(b)
		case etherPPPoE: // version and type 1 byte, code 1, session 2, length 2. RFC 2516, section 4
			if len(b) < 6 {
				return Cut
			}
			d.note("pppoe", int(binary.BigEndian.Uint16(b[2:])))
			n := int(binary.BigEndian.Uint16(b[4:]))
			b = b[6:]
			b = b[:min(n, len(b))] // what is behind is padding, whatever IP says: some devices count it in
			d.most = n - len(b)
			return d.ppp(b)
		case etherPPP:
			return d.ppp(b)
		case etherBridge:
			return d.ethernet(b)
		default:
			if t <= 1500 && len(b) >= 8 && [6]byte(b) == [6]byte{0xaa, 0xaa, 3} { // a length, then LLC and SNAP
				t, b = binary.BigEndian.Uint16(b[6:]), b[8:]
				continue
			}
			return Other
		}
	}
	return Malformed
}

// family reads the header of a loopback: the number of IP differs between
// systems, and its byte order is that of the capturing host.
func (d *Decoder) family(b []byte) Kind {
	if len(b) < 4 {
		return Cut
	}
	n := binary.LittleEndian.Uint32(b)
	if n > 0xffff {
		n = binary.BigEndian.Uint32(b)
	}
	switch n {
	case 2, 10, 23, 24, 28, 30: // AF_INET; AF_INET6 of Linux, Windows, NetBSD, FreeBSD, macOS
		return d.ip(b[4:])
	}
	return Other
}

// ppp reads the protocol of RFC 1661, which may be compressed to one byte, and
// the address and control bytes of HDLC before it if they are there.
func (d *Decoder) ppp(b []byte) Kind {
	if len(b) >= 2 && b[0] == 0xff && b[1] == 3 {
		b = b[2:]
	}
	if len(b) < 2 {
		return Cut
	}
	proto, n := binary.BigEndian.Uint16(b), 2
	if b[0]&1 != 0 {
		proto, n = uint16(b[0]), 1
	}
	switch proto {
	case 0x21, 0x57: // IPv4, IPv6
		return d.ip(b[n:])
	case 0x281:
		return d.mpls(b[n:])
	}
	return Other
}

// mpls takes labels of 4 bytes off until the one that says it is the last.
// What follows is not named: it is IP if it looks so, else Ethernet. RFC 3032.
func (d *Decoder) mpls(b []byte) Kind {
	for d.deeper() {
		if len(b) < 5 {
			return Cut
		}
		label := binary.BigEndian.Uint32(b)
		d.note("mpls", int(label>>12))
		b = b[4:]
		if label&0x100 == 0 {
			continue
		}
		switch b[0] >> 4 {
		case 4, 6:
			return d.ip(b)
		case 0: // control word of a pseudowire, 4 bytes: RFC 4385
			if len(b) < 4 {
				return Cut
			}
			return d.ethernet(b[4:])
		}
		return d.ethernet(b)
	}
	return Malformed
}

// tunnel goes on within a protocol of IP that carries packets.
func (d *Decoder) tunnel(proto byte, b []byte) Kind {
	switch proto {
	case protoIPv4, protoIPv6, protoGRE:
	default:
		return Other
	}
	if !d.deeper() {
		return Malformed
	}
	if proto == protoGRE {
		return d.gre(b)
	}
	if proto == protoIPv6 {
		d.note("ipv6 in ip", -1)
	} else {
		d.note("ip in ip", -1)
	}
	return d.ip(b)
}

// gre reads the header of RFC 2784 and 2890, of PPTP (RFC 2637, section 4.1),
// and of ERSPAN behind it.
func (d *Decoder) gre(b []byte) Kind {
	if len(b) < 4 {
		return Cut
	}
	flags, t, n := binary.BigEndian.Uint16(b), binary.BigEndian.Uint16(b[2:]), 4
	sequence := flags&0x1000 != 0
	for _, f := range []uint16{0x8000, 0x2000, 0x1000} { // checksum, key, sequence
		if flags&f != 0 {
			n += 4
		}
	}
	switch {
	case flags&7 == 1 && flags&0x80 != 0: // PPTP: an acknowledgement follows
		n += 4
	case flags&7 > 1 || flags&0x4000 != 0: // unknown, or with a route
		return Other
	}
	if len(b) < n {
		return Cut
	}
	b = b[n:]
	if len(b) == 0 {
		return Other // an acknowledgement or a keepalive
	}
	switch {
	case t == etherSpan2 && sequence:
		return d.mirrored("erspan", b, 8)
	case t == etherSpan2:
		return d.mirrored("erspan", b, 0)
	case t == etherSpan3 && len(b) >= 12 && b[11]&1 != 0: // 8 bytes of the platform follow
		return d.mirrored("erspan", b, 20)
	case t == etherSpan3:
		return d.mirrored("erspan", b, 12)
	}
	d.note("gre", -1)
	return d.etherType(t, b)
}

// mirrored goes on with the frame of Ethernet behind n bytes.
func (d *Decoder) mirrored(name string, b []byte, n int) Kind {
	if len(b) < n {
		return Cut
	}
	d.note(name, -1)
	return d.ethernet(b[n:])
}

// udpTunnel goes on within UDP if the port and the first bytes are those of a
// tunnel; else it gives Other.
func (d *Decoder) udpTunnel(port uint16, b []byte, cut int) Kind {
	switch port {
	case portVXLAN, portVXLANOld, portGeneve, portGTP:
	default:
		return Other
	}
	if len(b) < 8 {
		return Other
	}
	before, layers, missing := d.viaLen, d.layers, d.missing
	if cut > 0 {
		d.missing = cut
	}
	k := Other
	if d.deeper() {
		switch port {
		case portVXLAN, portVXLANOld: // flags 1 byte, 3 of none, identifier 3, 1 of none. RFC 7348, section 5
			if b[0]&8 != 0 { // it has an identifier; others say that it has a policy, too
				d.note("vxlan", int(binary.BigEndian.Uint32(b[4:])>>8))
				k = d.ethernet(b[8:])
			}
		case portGeneve: // version and length of options 1 byte, flags 1, type 2, identifier 3, 1 of none. RFC 8926, section 3.4
			if n := 8 + int(b[0]&0x3f)*4; b[0]>>6 == 0 && len(b) >= n {
				d.note("geneve", int(binary.BigEndian.Uint32(b[4:])>>8))
				k = d.etherType(binary.BigEndian.Uint16(b[2:]), b[n:])
			}
		case portGTP:
			k = d.gtp(b)
		}
	}
	if k != TCP && k != UDP && k != Fragment {
		d.viaLen, d.layers, d.missing = before, layers, missing
		return Other
	}
	return k
}

// gtp reads the header of GTP-U: flags 1 byte, message type 1, length 2,
// tunnel 4, then optionally 4 bytes, the last of which is the type of the first
// extension. 3GPP TS 29.281, section 5.
func (d *Decoder) gtp(b []byte) Kind {
	if b[0]>>5 != 1 || b[0]&0x10 == 0 || b[1] != gtpPayload {
		return Other
	}
	n := 8
	if b[0]&gtpExtensions != 0 {
		n = 12
		if len(b) < n {
			return Cut
		}
		for next := b[11]; next != 0 && b[0]&4 != 0; {
			if len(b) <= n || b[n] == 0 || len(b) < n+int(b[n])*4 {
				return Cut
			}
			n += int(b[n]) * 4
			next = b[n-1]
		}
	}
	d.note("gtp", int(binary.BigEndian.Uint32(b[4:])))
	return d.ip(b[n:])
}
