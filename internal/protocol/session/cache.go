package session

import (
	"container/list"
	"sync"
	"time"
)

// A Cache keeps the sessions of a server by their session ID. It holds a
// bounded number and drops the one that was not used for the longest time. It
// is safe for concurrent use.
type Cache struct {
	mu    sync.Mutex
	max   int
	byID  map[string]*list.Element
	order *list.List // of *entry, the last used first
}

type entry struct {
	id    string
	state *State
}

// NewCache gives a cache of at most limit sessions.
func NewCache(limit int) *Cache {
	return &Cache{max: limit, byID: make(map[string]*list.Element), order: list.New()}
}

// Put keeps a session.
func (c *Cache) Put(id []byte, s *State) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e, ok := c.byID[string(id)]; ok {
		c.remove(e)
	}
	key := string(id)
	c.byID[key] = c.order.PushFront(&entry{key, s})
	if c.order.Len() > c.max {
		c.remove(c.order.Back())
	}
}

// Get gives the session, nil if there is none or it is too old.
func (c *Cache) Get(id []byte, now time.Time) *State {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.byID[string(id)]
	if !ok {
		return nil
	}
	s := e.Value.(*entry).state
	if s.Expired(now) {
		c.remove(e)
		return nil
	}
	c.order.MoveToFront(e)
	return s
}

// Remove forgets a session, as one that failed must be (RFC 5246, section
// 7.2.2).
func (c *Cache) Remove(id []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e, ok := c.byID[string(id)]; ok {
		c.remove(e)
	}
}

func (c *Cache) remove(e *list.Element) {
	delete(c.byID, e.Value.(*entry).id)
	c.order.Remove(e)
}
