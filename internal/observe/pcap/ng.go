package pcap

import (
	"bytes"
	"fmt"
	"io"
	"math/bits"
	"strings"
)

// Block types of pcapng (draft-ietf-opsawg-pcapng, section 4).
const (
	blockInterface = 1
	blockPacketOld = 2
	blockSimple    = 3
	blockPacket    = 6
	blockSecrets   = 10
	blockSection   = 0x0a0d0d0a // the same in either byte order
)

const (
	byteOrderMagic = 0x1a2b3c4d
	secretsTLS     = 0x544c534b // the key log of TLS
)

// Options (sections 3.5, 4.2).
const (
	optionEnd       = 0
	optionComment   = 1
	optionName      = 2
	optionResolver  = 9  // resolution of times
	optionTimeShift = 14 // seconds to add to times
)

// A clock makes nanoseconds since 1970 of an interface's times.
type clock struct {
	binary  bool   // units are 2^-digits seconds, else 10^-digits
	digits  uint8  //
	times   uint64 // nanoseconds of a unit, or 0
	divide  uint64 // units of a nanosecond, or 0
	seconds int64  // to add
}

func newClock(resolution uint8) clock {
	c := clock{binary: resolution&0x80 != 0, digits: resolution & 0x7f}
	if c.binary {
		return c
	}
	c.times, c.divide = 1, 1
	for d := c.digits; d < 9; d++ {
		c.times *= 10
	}
	for d := uint8(9); d < min(c.digits, 28); d++ {
		c.divide *= 10
	}
	return c
}

func (c *clock) nanoseconds(units uint64) int64 {
	shift := c.seconds * 1e9
	if !c.binary {
		if c.divide == 1 {
			return int64(units*c.times) + shift
		}
		return int64(units/c.divide) + shift
	}
	if c.digits >= 64 {
		return shift
	}
	hi, lo := bits.Mul64(units&(1<<c.digits-1), 1e9)
	return int64(units>>c.digits)*1e9 + int64(hi<<(64-c.digits)|lo>>c.digits) + shift
}

// nextNG reads blocks until one of them is a packet. A block is its type and
// its length, 4 bytes each, its body, and its length again.
func (r *Reader) nextNG(p *Packet) error {
	for {
		if !r.w.need(12) {
			return r.end("the header of a block")
		}
		h := r.w.buf[r.w.pos:]
		kind := r.u32(h)
		if kind == blockSection {
			if err := r.section(h); err != nil {
				return err
			}
			continue
		}
		if !r.sectioned {
			return r.lost(fmt.Sprintf("a block of type %#x stands outside a section", kind))
		}
		length := r.u32(h[4:])
		if length < 12 || length%4 != 0 {
			return r.lost(fmt.Sprintf("a block of type %#x says that it has %d bytes", kind, length))
		}
		if length > maxBlock {
			if kind == blockPacket || kind == blockSimple || kind == blockPacketOld || kind == blockInterface {
				return r.lost(fmt.Sprintf("a block of type %#x says that it has %d bytes", kind, length))
			}
			if r.w.full { // see damaged
				return errMore
			}
			if !r.w.skip(int64(length)) {
				return r.end("a block")
			}
			continue
		}
		if !r.w.need(int(length)) {
			return r.end("a block")
		}
		b := r.w.buf[r.w.pos : r.w.pos+int(length)]
		if again := r.u32(b[length-4:]); again != length {
			return r.lost(fmt.Sprintf("a block of type %#x says that it has %d bytes at its start, and %d at its end", kind, length, again))
		}
		packet, err := r.block(kind, b[8:length-4], p)
		r.w.pos += int(length)
		if err != "" {
			return &Error{Offset: r.w.at() - int64(length), Packet: r.number + 1, Problem: err, Again: true}
		}
		if packet {
			return nil
		}
	}
}

// section reads a section header block: its byte order, and then all but the
// options.
func (r *Reader) section(h []byte) error {
	switch {
	case bytes.Equal(h[8:12], []byte{0x1a, 0x2b, 0x3c, 0x4d}):
		r.big = true
	case bytes.Equal(h[8:12], []byte{0x4d, 0x3c, 0x2b, 0x1a}):
		r.big = false
	default:
		return r.lost(fmt.Sprintf("a section's byte order is %x", h[8:12]))
	}
	length := r.u32(h[4:])
	if length < 28 || length%4 != 0 || length > maxBlock {
		return r.lost(fmt.Sprintf("a section's header says that it has %d bytes", length))
	}
	if !r.w.need(int(length)) {
		return r.end("a section's header")
	}
	b := r.w.buf[r.w.pos : r.w.pos+int(length)]
	if major := r.u16(b[12:]); major != 1 {
		return r.lost(fmt.Sprintf("a section has version %d of the format, and only 1 is known", major))
	}
	r.w.pos += int(length)
	r.first = len(r.interfaces)
	r.sectioned = true
	if c := r.comments(b[24 : length-4]); c != "" {
		r.comment = c
	}
	return nil
}

// lost says what does not make sense and goes on at the next block that does.
func (r *Reader) lost(problem string) error {
	if r.w.full { // see damaged
		return errMore
	}
	e := &Error{Offset: r.w.at(), Packet: r.number + 1, Problem: problem}
	from := r.w.at()
	for {
		r.w.pos++
		if !r.w.need(12) {
			r.w.pos = r.w.end
			r.failed = io.EOF
			return e
		}
		if r.plausibleBlock() {
			break
		}
	}
	e.Problem += fmt.Sprintf("; %d bytes are passed over", r.w.at()-from)
	e.Again = true
	return e
}

func (r *Reader) plausibleBlock() bool {
	h := r.w.buf[r.w.pos:]
	kind := r.u32(h)
	if kind == blockSection {
		magic := r.u32(h[8:])
		return magic == byteOrderMagic || magic == bits.ReverseBytes32(byteOrderMagic)
	}
	length := r.u32(h[4:])
	return r.sectioned && kind > 0 && kind <= blockSecrets && length >= 16 && length%4 == 0 && length <= 1<<18 &&
		r.w.need(int(length)) && r.u32(r.w.buf[r.w.pos+int(length)-4:]) == length
}

// block reads the body of a block, and reports whether it is a packet, or what
// is wrong with it.
func (r *Reader) block(kind uint32, b []byte, p *Packet) (packet bool, problem string) {
	switch kind {
	case blockPacket:
		return r.packet(b, p, false)
	case blockPacketOld:
		return r.packet(b, p, true)
	case blockSimple:
		return r.simple(b, p)
	case blockInterface:
		return false, r.newInterface(b)
	case blockSecrets:
		return false, r.secret(b)
	}
	return false, "" // names, statistics, what others have added
}

// packet reads an enhanced packet block: interface 4 bytes, time 8 with the
// upper half first, length captured 4, length 4, packet, options. The old kind
// has the interface in 2 bytes and a count of drops in 2.
func (r *Reader) packet(b []byte, p *Packet, old bool) (bool, string) {
	if len(b) < 20 {
		return false, "the block of a packet is too short"
	}
	i := int(r.u32(b))
	if old {
		i = int(r.u16(b))
	}
	i += r.first
	captured, length := int(r.u32(b[12:])), int(r.u32(b[16:]))
	if i >= len(r.interfaces) || i < r.first {
		return false, fmt.Sprintf("a packet of interface %d, and the section has %d", i-r.first, len(r.interfaces)-r.first)
	}
	if captured > len(b)-20 {
		return false, fmt.Sprintf("a packet of %d bytes in a block with room for %d", captured, len(b)-20)
	}
	on := &r.interfaces[i]
	r.number++
	*p = Packet{
		Number: r.number, Time: on.clock.nanoseconds(uint64(r.u32(b[4:]))<<32 | uint64(r.u32(b[8:]))),
		Link: on.Link, Interface: i, Length: max(length, captured), Data: b[20 : 20+captured : 20+captured],
	}
	if options := 20 + (captured+3)&^3; options < len(b) {
		p.Comment = r.comments(b[options:])
	}
	return true, ""
}

// simple reads a simple packet block: length 4 bytes, and as much of the packet
// as the first interface captures.
func (r *Reader) simple(b []byte, p *Packet) (bool, string) {
	if r.first >= len(r.interfaces) {
		return false, "a packet in a section without interfaces"
	}
	if len(b) < 4 {
		return false, "the block of a packet is too short"
	}
	on := &r.interfaces[r.first]
	length := int(r.u32(b))
	captured := min(length, len(b)-4)
	if on.SnapLen > 0 {
		captured = min(captured, on.SnapLen)
	}
	r.number++
	*p = Packet{
		Number: r.number, Link: on.Link, Interface: r.first, Length: max(length, captured), Data: b[4 : 4+captured : 4+captured],
	}
	return true, ""
}

// newInterface reads an interface description block: link type 2 bytes, 2 of
// none, longest capture 4, options.
func (r *Reader) newInterface(b []byte) string {
	if len(b) < 8 {
		return "the description of an interface is too short"
	}
	if len(r.interfaces) >= maxInterfaces {
		return fmt.Sprintf("there are more than %d interfaces", maxInterfaces)
	}
	i := Interface{Link: Link(r.u16(b)), SnapLen: int(min(r.u32(b[4:]), maxPacket)), clock: newClock(6)}
	var shift int64
	r.options(b[8:], func(code uint16, value []byte) {
		switch {
		case code == optionName && i.Name == "":
			i.Name = string(value[:min(len(value), 256)])
		case code == optionResolver && len(value) == 1:
			i.clock = newClock(value[0])
		case code == optionTimeShift && len(value) == 8:
			first, second := uint64(r.u32(value)), uint64(r.u32(value[4:]))
			if !r.big {
				first, second = second, first
			}
			shift = int64(first<<32 | second)
		}
	})
	i.clock.seconds = shift
	r.comments(b[8:])
	r.interfaces = append(r.interfaces, i)
	return ""
}

// secret reads a decryption secrets block: type 4 bytes, length 4, secrets.
func (r *Reader) secret(b []byte) string {
	if len(b) < 8 || int(r.u32(b[4:])) > len(b)-8 {
		return "a block of secrets is too short"
	}
	if r.u32(b) != secretsTLS {
		return ""
	}
	return r.keep(b[8 : 8+r.u32(b[4:])])
}

// keep keeps a key log for Secrets.
func (r *Reader) keep(log []byte) (problem string) {
	if len(r.secrets)+len(log) >= maxSecrets {
		return "there are more secrets than are kept"
	}
	r.secrets = append(r.secrets, log...)
	if len(log) > 0 && log[len(log)-1] != '\n' {
		r.secrets = append(r.secrets, '\n')
	}
	return ""
}

// options gives all options: code 2 bytes, length 2, value, and up to 3 bytes
// that fill it up to a multiple of 4.
func (r *Reader) options(b []byte, each func(code uint16, value []byte)) {
	for len(b) >= 4 {
		code, n := r.u16(b), int(r.u16(b[2:]))
		b = b[4:]
		if code == optionEnd || n > len(b) {
			return
		}
		each(code, b[:n])
		b = b[min((n+3)&^3, len(b)):]
	}
}

// comments gives the comments among options, but for lines of a key log, which some
// keep there: these are secrets.
func (r *Reader) comments(b []byte) (all string) {
	r.options(b, func(code uint16, value []byte) {
		if code != optionComment || len(all)+len(value) > maxText {
			return
		}
		if all != "" {
			all += "\n"
		}
		all += string(value)
	})
	if !strings.Contains(all, "CLIENT_") && !strings.Contains(all, "SERVER_") && !strings.Contains(all, "RSA ") {
		return all
	}
	var rest []string
	for line := range strings.SplitSeq(all, "\n") {
		if isKey(line) {
			r.keep([]byte(line))
		} else {
			rest = append(rest, line)
		}
	}
	return strings.Join(rest, "\n")
}

// isKey reports whether a line looks like one of a key log.
func isKey(line string) bool {
	words := strings.Fields(line)
	if len(words) != 3 {
		return false
	}
	switch w := words[0]; {
	case w == "RSA", w == "PMS_CLIENT_RANDOM", strings.HasPrefix(w, "CLIENT_"), strings.HasPrefix(w, "SERVER_"), strings.HasSuffix(w, "EXPORTER_SECRET"):
		return true
	}
	return false
}
