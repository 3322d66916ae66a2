package pcap

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
)

// A Writer writes a file of captured packets: pcapng with times in nanoseconds,
// or pcap.
type Writer struct {
	out  *bufio.Writer
	err  error
	head [28]byte // of the block at hand

	// Of a pcapng file.
	numbers map[on]uint32 // of the file's interfaces
	name    func(number int) string

	// Of a pcap file.
	link    Link
	classic bool
}

// on is where a packet was captured.
type on struct {
	number int
	link   Link
}

// NewWriter begins a pcapng file. name gives the names of interfaces by
// Packet.Interface; it may be nil, and may give "".
func NewWriter(out io.Writer, name func(number int) string) *Writer {
	w := &Writer{out: bufio.NewWriterSize(out, 64<<10), numbers: map[on]uint32{}, name: name}
	b := binary.LittleEndian.AppendUint32(nil, byteOrderMagic)
	b = append(b, 1, 0, 0, 0) // version 1.0
	b = append(b, "\xff\xff\xff\xff\xff\xff\xff\xff"...)
	b = appendOption(b, 4, "handsel") // the program that wrote the section
	w.block(blockSection, appendOption(b, optionEnd, ""))
	return w
}

// NewClassicWriter begins a pcap file with times in nanoseconds, which has
// neither secrets nor comments and a single link type.
func NewClassicWriter(out io.Writer, link Link) *Writer {
	w := &Writer{out: bufio.NewWriterSize(out, 64<<10), link: link, classic: true}
	b := binary.LittleEndian.AppendUint32(nil, magicNano)
	b = append(b, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0) // version 2.4, no zone, no accuracy
	b = binary.LittleEndian.AppendUint32(b, 1<<18)
	w.write(binary.LittleEndian.AppendUint32(b, uint32(link)))
	return w
}

func appendOption(b []byte, code uint16, value string) []byte {
	value = value[:min(len(value), 0xfffc)]
	b = binary.LittleEndian.AppendUint16(b, code)
	b = binary.LittleEndian.AppendUint16(b, uint16(len(value)))
	b = append(b, value...)
	return append(b, "\x00\x00\x00"[:-len(value)&3]...)
}

func (w *Writer) write(b []byte) {
	if w.err == nil {
		_, w.err = w.out.Write(b)
	}
}

// block writes a block whose body is a multiple of 4 bytes.
func (w *Writer) block(kind uint32, body []byte) {
	b := w.head[:0]
	b = binary.LittleEndian.AppendUint32(b, kind)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(body)+12))
	w.write(b)
	w.write(body)
	w.write(b[4:8])
}

// number gives the file's interface of a packet, and describes it first if it
// is new.
func (w *Writer) number(p *Packet) uint32 {
	key := on{p.Interface, p.Link}
	n, ok := w.numbers[key]
	if ok {
		return n
	}
	n = uint32(len(w.numbers))
	w.numbers[key] = n
	b := binary.LittleEndian.AppendUint16(nil, uint16(p.Link))
	b = append(b, 0, 0, 0, 0, 0, 0) // nothing is cut off
	if w.name != nil {
		if s := w.name(p.Interface); s != "" {
			b = appendOption(b, optionName, s)
		}
	}
	b = appendOption(b, optionResolver, "\x09")
	w.block(blockInterface, appendOption(b, optionEnd, ""))
	return n
}

// Write writes a packet. An error stays.
func (w *Writer) Write(p *Packet) error {
	if w.classic {
		return w.writeClassic(p)
	}
	n := w.number(p)
	padding := -len(p.Data) & 3
	var options []byte
	if p.Comment != "" {
		options = appendOption(appendOption(nil, optionComment, p.Comment), optionEnd, "")
	}
	length := 32 + len(p.Data) + padding + len(options)
	b := w.head[:0]
	for _, v := range [...]uint32{
		blockPacket, uint32(length), n, uint32(uint64(p.Time) >> 32), uint32(p.Time), uint32(len(p.Data)), uint32(max(p.Length, len(p.Data))),
	} {
		b = binary.LittleEndian.AppendUint32(b, v)
	}
	w.write(b)
	w.write(p.Data)
	w.write(make([]byte, 3)[:padding])
	w.write(options)
	w.write(b[4:8])
	return w.err
}

func (w *Writer) writeClassic(p *Packet) error {
	if p.Link != w.link && w.err == nil {
		w.err = fmt.Errorf("pcap: a packet of link type %d in a file of link type %d", p.Link, w.link)
	}
	b := w.head[:0]
	for _, v := range [...]uint32{uint32(p.Time / 1e9), uint32(p.Time % 1e9), uint32(len(p.Data)), uint32(max(p.Length, len(p.Data)))} {
		b = binary.LittleEndian.AppendUint32(b, v)
	}
	w.write(b)
	w.write(p.Data)
	return w.err
}

// Secrets writes a key log, in the format of SSLKEYLOGFILE. A reader has it for
// what follows, so it belongs before the packets that need it.
func (w *Writer) Secrets(keyLog []byte) error {
	if w.classic {
		if w.err == nil {
			w.err = fmt.Errorf("pcap: a pcap file has no room for secrets")
		}
		return w.err
	}
	b := binary.LittleEndian.AppendUint32(nil, secretsTLS)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(keyLog)))
	b = append(b, keyLog...)
	w.block(blockSecrets, append(b, "\x00\x00\x00"[:-len(keyLog)&3]...))
	return w.err
}

// Flush writes what is buffered.
func (w *Writer) Flush() error {
	if w.err == nil {
		w.err = w.out.Flush()
	}
	return w.err
}
