package pcap

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// The first 4 bytes of a pcap file, big-endian.
const (
	magicMicro    = 0xa1b2c3d4
	magicNano     = 0xa1b23c4d
	magicModified = 0xa1b2cd34 // with 8 bytes more in each packet's header
)

const fileHeader = 24

// beginClassic reads the header of a pcap file: magic 4 bytes, version 2 and 2,
// zone 4, accuracy 4, longest capture 4, link type 4 (of which the upper half
// says other things).
func (r *Reader) beginClassic() error {
	r.w.need(fileHeader)
	h := r.w.buf[r.w.pos:r.w.end]
	for _, big := range []bool{true, false} {
		r.big = big
		r.header, r.frac = 16, 1000
		switch r.u32(h) {
		case magicModified:
			r.header = 24
		case magicNano:
			r.frac = 1
		case magicMicro:
		default:
			continue
		}
		if len(h) < fileHeader {
			if r.w.err != io.EOF {
				return r.w.err
			}
			return fmt.Errorf("it ends within the header of a pcap file, after %d bytes", len(h))
		}
		r.format = classic
		r.snaplen = int(min(r.u32(h[16:]), maxPacket))
		r.link = Link(r.u32(h[20:]))
		r.w.pos += fileHeader
		return nil
	}
	return fmt.Errorf("it is neither pcap nor pcapng: it begins with %08x", binary.BigEndian.Uint32(h))
}

// nextClassic reads a packet: seconds 4 bytes, fraction 4, length captured 4,
// length 4, then the packet.
func (r *Reader) nextClassic(p *Packet) error {
	if !r.w.need(r.header) {
		return r.end("the header of a packet")
	}
	h := r.w.buf[r.w.pos:r.w.end]
	sec, frac, captured, length := int64(r.u32(h)), int64(r.u32(h[4:])), r.u32(h[8:]), r.u32(h[12:])
	if captured > maxPacket || frac*r.frac >= 2e9 {
		return r.damaged(fmt.Sprintf("this is not the header of a packet (%d seconds and %d, %d bytes of %d)", sec, frac, captured, length))
	}
	n := r.header + int(captured)
	if !r.w.need(n) {
		return r.end("a packet")
	}
	r.number++
	r.last = sec*1e9 + frac*r.frac
	*p = Packet{
		Number: r.number, Time: r.last, Link: r.link, Length: int(max(length, captured)),
		Data: r.w.buf[r.w.pos+r.header : r.w.pos+n : r.w.pos+n],
	}
	r.w.pos += n
	return nil
}

// damaged looks for the next place that looks like two packets one after the
// other, of about the time of the last one.
func (r *Reader) damaged(problem string) error {
	if r.w.full { // the search would move what a batch has: it is for the next one
		return errMore
	}
	e := &Error{Offset: r.w.at(), Packet: r.number + 1, Problem: problem}
	from := r.w.at()
	for {
		r.w.pos++
		n, ok := r.plausible(0)
		if ok {
			if _, ok = r.plausible(n); ok || !r.w.need(n+1) && r.w.end-r.w.pos == n {
				break
			}
		}
		if !r.w.need(r.header) {
			r.w.pos = r.w.end
			r.failed = io.EOF
			if err := r.w.err; err != nil && !errors.Is(err, io.EOF) {
				e.Err = err
			}
			return e
		}
	}
	e.Problem += fmt.Sprintf("; %d bytes are passed over", r.w.at()-from)
	e.Again = true
	return e
}

// plausible reports whether a packet seems to begin at so many bytes from here,
// and where it would end.
func (r *Reader) plausible(at int) (int, bool) {
	if !r.w.need(at + r.header) {
		return 0, false
	}
	h := r.w.buf[r.w.pos+at:]
	sec, frac, captured, length := int64(r.u32(h)), int64(r.u32(h[4:])), int(r.u32(h[8:])), int(r.u32(h[12:]))
	const day = 86400
	ok := captured > 0 && captured <= length && captured <= max(r.snaplen, 1<<16) && length <= 1<<18 &&
		frac*r.frac < 1e9 && (r.number == 0 || sec-r.last/1e9 < day && r.last/1e9-sec < day)
	return at + r.header + captured, ok && captured <= maxPacket
}
