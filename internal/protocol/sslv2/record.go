package sslv2

import (
	"crypto/md5"
	"crypto/subtle"
	"encoding/binary"

	"github.com/handsel-tls/handsel/internal/protocol/fault"
)

// Lengths in bytes: of a record without and with padding, and of what one holds
// at most here.
const (
	shortHeader = 2
	longHeader  = 3
	macLen      = md5.Size
	MaxData     = 16000
)

// Records is the record layer of a connection.
type Records struct {
	in, out         direction
	nextIn, nextOut direction // from Protect on
}

// NewRecords gives the record layer of a connection of which some records were
// received already.
func NewRecords(received uint32) *Records {
	return &Records{in: direction{seq: received}}
}

// Need gives how many bytes the first record of buf has, or how many are needed
// to tell.
func Need(buf []byte) int {
	if len(buf) < longHeader {
		return longHeader
	}
	if buf[0]&0x80 != 0 {
		return shortHeader + int(buf[0]&0x7f)<<8 + int(buf[1])
	}
	return longHeader + int(buf[0]&0x3f)<<8 + int(buf[1])
}

// Protect changes to the keys that the handshake has agreed on.
func (r *Records) Protect() {
	r.nextIn.seq, r.nextOut.seq = r.in.seq, r.out.seq
	r.in, r.out = r.nextIn, r.nextOut
	r.nextIn, r.nextOut = direction{}, direction{}
}

// Protected reports whether there are keys.
func (r *Records) Protected() bool { return r.in.key != nil }

// mac gives the MAC of data and padding.
func (d *direction) mac(data []byte) [macLen]byte {
	h := md5.New()
	h.Write(d.key)
	h.Write(data)
	h.Write(binary.BigEndian.AppendUint32(nil, d.seq))
	return [macLen]byte(h.Sum(nil))
}

// Seal appends a record with the data, at most MaxData bytes.
func (r *Records) Seal(dst, data []byte) []byte {
	d := &r.out
	defer func() { d.seq++ }()
	if d.key == nil {
		dst = append(dst, 0x80|byte(len(data)>>8), byte(len(data)))
		return append(dst, data...)
	}
	pad := 0
	if d.block != nil {
		size := d.block.BlockSize()
		pad = (size - (macLen+len(data))%size) % size
	}
	n := macLen + len(data) + pad
	if pad > 0 {
		dst = append(dst, byte(n>>8), byte(n), byte(pad))
	} else {
		dst = append(dst, 0x80|byte(n>>8), byte(n))
	}
	start := len(dst)
	dst = append(append(append(dst, make([]byte, macLen)...), data...), make([]byte, pad)...)
	body := dst[start:]
	sum := d.mac(body[macLen:])
	copy(body, sum[:])
	d.crypt(body)
	return dst
}

func (d *direction) crypt(body []byte) {
	if d.stream != nil {
		d.stream.XORKeyStream(body, body)
		return
	}
	d.block.CryptBlocks(body, body)
}

// Open takes the protection off a whole record, in place.
func (r *Records) Open(rec []byte) ([]byte, error) {
	d := &r.in
	head, pad := shortHeader, 0
	if rec[0]&0x80 == 0 {
		head, pad = longHeader, int(rec[2])
	}
	body := rec[head:]
	if d.key == nil {
		if d.seq++; pad > 0 || len(body) == 0 {
			return nil, fault.With(fault.DecodeError, "a record of SSL 2.0 in the clear has %d bytes, %d of them padding", len(body), pad)
		}
		return body, nil
	}
	if d.block != nil && len(body)%d.block.BlockSize() != 0 || len(body) < macLen+pad {
		return nil, fault.RecordTooShort
	}
	d.crypt(body)
	want := d.mac(body[macLen:])
	if d.seq++; subtle.ConstantTimeCompare(want[:], body[:macLen]) != 1 {
		return nil, fault.BadRecordMAC
	}
	return body[macLen : len(body)-pad], nil
}
