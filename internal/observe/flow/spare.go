package flow

import "sync"

// messagesAtOnce and bytesAtOnce are how many messages, and bytes of them, memory is asked
// for at a time.
const messagesAtOnce, bytesAtOnce = 2, 512

var (
	spareMessages = sync.Pool{New: func() any { return new([messagesAtOnce]Message) }}
	spareBytes    = sync.Pool{New: func() any { return new([bytesAtOnce]byte) }}
)

// memory is what a story's messages are made of.
type memory struct {
	messages []*[messagesAtOnce]Message
	bytes    []*[bytesAtOnce]byte
	used     int // of the last of messages
}

// message gives room for one more.
func (m *memory) message() *Message {
	if len(m.messages) == 0 || m.used == messagesAtOnce {
		m.messages, m.used = append(m.messages, spareMessages.Get().(*[messagesAtOnce]Message)), 0
	}
	m.used++
	return &m.messages[len(m.messages)-1][m.used-1]
}

// Release gives the memory of the messages back, for those of other stories: neither they
// nor what they hold may be used from then on.
func (s *Story) Release() {
	for _, one := range s.memory.messages {
		spareMessages.Put(one)
	}
	for _, one := range s.memory.bytes {
		spareBytes.Put(one)
	}
	s.Messages, s.memory = nil, memory{}
}
