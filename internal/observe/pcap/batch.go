package pcap

import "errors"

// A Batch is packets that were read together. They have memory of their own:
// they are valid until the batch is filled again, whatever is read meanwhile.
// Two batches let one be read while the other is worked on.
type Batch struct {
	Packets []Packet
	Secrets []byte // the key log that came among them
	buf     []byte
}

// maxBatch is the most packets of a batch.
const maxBatch = 4096

// Fill fills the batch with what one read of the source gives, at least one
// packet. An error is one of Next; the packets before it are in the batch.
func (b *Batch) Fill(from Source) error {
	b.Packets = b.Packets[:0]
	err := b.fill(from)
	b.Secrets = from.Secrets()
	return err
}

func (b *Batch) fill(from Source) error {
	r, ok := from.(*Reader)
	if !ok {
		return b.copy(from)
	}
	// The reader goes on in this batch's memory: what it has not given yet is
	// moved there.
	r.w.move(0, b.buf)
	defer func() { b.buf, r.w.full, r.w.more = r.w.buf, false, false }()
	for len(b.Packets) < maxBatch {
		b.Packets = append(b.Packets, Packet{})
		if err := r.Next(&b.Packets[len(b.Packets)-1]); err != nil {
			b.Packets = b.Packets[:len(b.Packets)-1]
			if errors.Is(err, errMore) {
				return nil
			}
			return err
		}
		r.w.full = true // or the packets before would move
	}
	return nil
}

// copy is Fill for a source whose packets are valid until the next one: it takes
// those that are there, without waiting for more.
func (b *Batch) copy(from Source) error {
	b.buf = b.buf[:0]
	waiting, _ := from.(interface{ Waiting() bool })
	for len(b.Packets) < maxBatch {
		var p Packet
		if err := from.Next(&p); err != nil {
			return err
		}
		if len(b.Packets) > 0 && len(b.buf)+len(p.Data) > cap(b.buf) {
			b.buf = make([]byte, 0, bufferSize) // those before keep the memory they have
		}
		at := len(b.buf)
		b.buf = append(b.buf, p.Data...)
		p.Data = b.buf[at:len(b.buf):len(b.buf)]
		b.Packets = append(b.Packets, p)
		if waiting == nil || !waiting.Waiting() {
			return nil
		}
	}
	return nil
}
