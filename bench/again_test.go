package bench

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/handsel-tls/handsel/internal/observe/flow"
	"github.com/handsel-tls/handsel/internal/observe/packet"
	"github.com/handsel-tls/handsel/internal/observe/pcap"
	"github.com/handsel-tls/handsel/internal/observe/tcp"
)

// pauses is how many minutes pass before the packets come again. In each a client
// knocks in vain, because a table's clock goes on a minute with one segment at most;
// what was left open is over by then, since nothing more was heard of it.
const pauses = 15

// writeAgain writes the packets of a capture that WriteCapture made several times,
// each time later and with clients of other addresses.
func writeAgain(to, from string, times int) error {
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	buffered := bufio.NewWriterSize(out, 1<<20)
	w := pcap.NewWriter(buffered, nil)
	var last, shift int64
	for i := range times {
		r, err := pcap.Open(from)
		if err != nil {
			return errors.Join(err, out.Close())
		}
		var p pcap.Packet
		var first int64
		for err == nil {
			if err = r.Next(&p); err != nil {
				break
			}
			if first == 0 {
				first = p.Time
				if shift = 0; last > 0 {
					if err = knock(w, &p, last); err != nil {
						break
					}
					shift = last - first + (pauses * time.Minute).Nanoseconds()
				}
			}
			p.Time += shift
			last = p.Time
			readdress(p.Data, byte(i))
			err = w.Write(&p)
		}
		if !errors.Is(err, io.EOF) {
			return errors.Join(err, r.Close(), out.Close())
		}
		if err := r.Close(); err != nil {
			return errors.Join(err, out.Close())
		}
	}
	return errors.Join(w.Flush(), buffered.Flush(), out.Close())
}

// knock writes the SYN that a capture begins with once a minute after a time, from
// clients of other addresses.
func knock(w *pcap.Writer, syn *pcap.Packet, after int64) error {
	for m := range pauses {
		p := *syn
		p.Time, p.Data = after+int64(m)*time.Minute.Nanoseconds(), bytes.Clone(syn.Data)
		readdress(p.Data, byte(100+m))
		if err := w.Write(&p); err != nil {
			return err
		}
	}
	return nil
}

// readdress adds n to the number of a frame's client, and mends the checksums.
func readdress(frame []byte, n byte) {
	const ip = 14 // after the header of Ethernet
	var address, sum int
	switch binary.BigEndian.Uint16(frame[12:]) {
	case 0x0800:
		if address, sum = ip+12, ip+20+16; frame[address] != 10 {
			address += 4
		}
		frame[address+1] += n
		mend(frame[ip+10:], n)
	case 0x86dd:
		if address, sum = ip+8, ip+40+16; frame[address+4] != 1 {
			address += 16
		}
		frame[address+13] += n
	}
	mend(frame[sum:], n)
}

// mend corrects a checksum after a number that it covers has become greater by n.
// RFC 1624, section 3.
func mend(checksum []byte, n byte) {
	sum := uint32(^binary.BigEndian.Uint16(checksum)) + uint32(n)
	binary.BigEndian.PutUint16(checksum, ^uint16(sum+sum>>16))
}

// TestWriteAgain follows the connections of a capture that was written three times.
func TestWriteAgain(t *testing.T) {
	const connections, times = 100, 3
	small, large := filepath.Join(t.TempDir(), "small.pcapng"), filepath.Join(t.TempDir(), "large.pcapng")
	out, err := os.Create(small)
	if err != nil {
		t.Fatal(err)
	}
	made, err := WriteCapture(out, connections)
	if err := errors.Join(err, out.Close(), writeAgain(large, small, times)); err != nil {
		t.Fatal(err)
	}
	r, err := pcap.Open(large)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	told, failed, packets := 0, 0, 0
	table := tcp.NewTable(flow.NewFollower(func(s *flow.Story) {
		told++
		if s.Failed() {
			failed++
		}
	}, flow.Options{}), tcp.Limits{})
	var p pcap.Packet
	var s packet.Segment
	var u packet.Datagram
	var d packet.Decoder
	for r.Next(&p) == nil {
		if packets++; d.Decode(&p, &s, &u) != packet.TCP || s.Sum != packet.SumRight {
			t.Fatalf("packet %d: no TCP, or a wrong checksum: %+v", packets, s)
		}
		table.Add(&s)
	}
	table.Close()
	if told != connections*times || failed != made.Failed*times || packets != made.Packets*times+pauses*(times-1) {
		t.Errorf("%d connections, %d failed, %d packets; one is %+v", told, failed, packets, made)
	}
}
