package cli

import (
	"io"
	"os"
)

// mostHeld is how many bytes of text are held back in memory. What is more goes to
// a file.
const mostHeld = 4 << 20

// held is text that is to come later: a capture of any length takes little memory.
type held struct {
	text    []byte
	file    *os.File // nil: there was no need of one
	refused bool     // there is no place for one
}

// add holds text back. If it cannot, it reports false.
func (h *held) add(text string) bool {
	if h.refused {
		return false
	}
	if len(h.text)+len(text) > mostHeld && !h.spill() {
		h.refused = true
		return false
	}
	h.text = append(h.text, text...)
	return true
}

// spill moves the text to the file, which nobody else can read, and which has no
// name any more where the system allows for that.
func (h *held) spill() bool {
	if h.file == nil {
		f, err := os.CreateTemp("", "handsel-trace-*")
		if err != nil {
			return false
		}
		_ = os.Remove(f.Name()) // again in release
		h.file = f
	}
	at, err := h.file.Seek(0, io.SeekEnd)
	if err != nil {
		return false
	}
	if _, err := h.file.Write(h.text); err != nil {
		_ = h.file.Truncate(at) // the text is still in memory
		return false
	}
	h.text = h.text[:0]
	return true
}

// release writes what was held back, in its order. A write that fails shows when
// out is flushed.
func (h *held) release(out io.Writer) {
	if h.file != nil {
		if _, err := h.file.Seek(0, io.SeekStart); err == nil {
			_, _ = io.Copy(out, h.file)
		}
		_ = h.file.Close()
		_ = os.Remove(h.file.Name()) // where an open file cannot be removed
	}
	_, _ = out.Write(h.text)
	*h = held{}
}
