package flow

import (
	"encoding/binary"
	"strconv"

	"github.com/handsel-tls/handsel/internal/observe/tcp"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
)

const (
	headerLen = 5
	// mostRecord is how long the content of a record may be, with what old
	// versions allow encryption to add. RFC 5246, section 6.2.3.
	mostRecord = 1<<14 + 2048
)

// A reader takes the stream of a side apart into records. What lies within one
// chunk it does not copy.
type reader struct {
	head    [headerLen]byte
	headLen int
	buf     []byte // of the record at hand, if it is not within one chunk; of SSL 2.0 with its header
	missing int64  // bytes of its content that are still to come
	frames  []int  // that have brought it so far
	segs    []int
	at      int64 // offset of its header
	drop    bool  // the record has a gap: the rest of it is of no use
	lost    bool  // where the next record begins is not known
}

// pending reports whether a record is under way.
func (r *reader) pending() bool { return r.headLen > 0 || len(r.buf) > 0 }

// header gives the header of the record that is under way.
func (r *reader) header() (RecordHeader, bool) {
	if r.headLen < headerLen {
		return RecordHeader{}, false
	}
	return headerOf(r.head[:], r.at), true
}

func headerOf(b []byte, at int64) RecordHeader {
	return RecordHeader{
		Content: iana.ContentType(b[0]), Version: iana.Version(binary.BigEndian.Uint16(b[1:])),
		Length: int(binary.BigEndian.Uint16(b[3:])), Offset: at,
	}
}

// plausible reports whether the bytes can be the header of a record.
func plausible(b []byte) bool {
	return b[0] >= byte(iana.ContentChangeCipherSpec) && b[0] <= byte(iana.ContentHeartbeat) && b[1] == 3 && b[2] <= 4 &&
		int(binary.BigEndian.Uint16(b[3:])) <= mostRecord
}

// take reads records out of a chunk.
func (r *reader) take(k *conn, from trace.Side, data []byte, at tcp.Chunk) {
	h := &k.sides[from-1]
	if r.lost {
		if len(data) < headerLen || !plausible(data) {
			k.missed(from, int64(len(data)))
			return
		}
		r.lost = false
	}
	for len(data) > 0 && !h.broken {
		if r.headLen == 0 && (len(r.buf) > 0 || h.ssl2(k, data)) {
			data = k.takeSSL2(from, data, &at)
			continue
		}
		if r.headLen < headerLen {
			n := copy(r.head[r.headLen:], data)
			if r.headLen == 0 {
				r.at = at.Offset
			}
			r.headLen += n
			r.brought(at.Frame, n)
			data, at.Offset = data[n:], at.Offset+int64(n)
			if r.headLen < headerLen {
				return
			}
			if !plausible(r.head[:]) {
				k.notARecord(from, at)
				return
			}
			r.missing = int64(binary.BigEndian.Uint16(r.head[3:]))
			if r.missing > 0 && len(data) == 0 {
				return
			}
		}
		n := min(int64(len(data)), r.missing)
		r.brought(at.Frame, int(n))
		content := data[:n:n]
		r.missing -= n
		data, at.Offset = data[n:], at.Offset+n
		if r.missing > 0 || len(r.buf) > 0 {
			if !r.drop && k.wants(iana.ContentType(r.head[0])) {
				r.buf = append(r.buf, content...)
			}
			content = r.buf
		}
		if r.missing > 0 {
			return
		}
		if head := headerOf(r.head[:], r.at); r.drop {
			k.unread(from, head, at)
		} else {
			k.record(from, head, content, at)
		}
		r.reset()
	}
}

// wants reports whether the content of a record is of use: application data only
// counts, unless there are keys, or none are needed.
func (k *conn) wants(t iana.ContentType) bool {
	return t != iana.ContentApplicationData || k.unlock != nil || k.sides[0].mac+k.sides[1].mac > 0
}

func (r *reader) reset() {
	r.headLen, r.buf, r.missing, r.drop = 0, r.buf[:0], 0, false
	r.frames, r.segs = r.frames[:0], r.segs[:0]
}

// brought notes which frame bytes of the record came with.
func (r *reader) brought(frame, n int) {
	if n == 0 {
		return
	}
	if last := len(r.frames) - 1; last >= 0 && r.frames[last] == frame {
		r.segs[last] += n
		return
	}
	r.frames, r.segs = append(r.frames, frame), append(r.segs, n)
}

// skip leaves out bytes that were not captured.
func (r *reader) skip(k *conn, from trace.Side, n int64, at tcp.Chunk) {
	known := r.headLen == headerLen // where the record ends
	if known && n < r.missing {
		r.missing -= n
		r.drop = true
		return
	}
	lost := !known || n > r.missing
	if known {
		k.unread(from, headerOf(r.head[:], r.at), at)
	}
	r.reset()
	r.lost = lost
}

// plural gives a count in words.
func plural(n int64, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return strconv.FormatInt(n, 10) + " " + what + "s"
}
