package tcp

const (
	// longestStep is what the clock goes ahead at once, in nanoseconds.
	longestStep = int64(60e9)
	// agreeing is how many segments in a row have to agree on another time before the
	// clock takes it over, atEnd how many of them do if the capture ends.
	agreeing, atEnd = 16, 2
)

// A clock goes by the time stamps of segments, and on where they go back: captures have
// interfaces with clocks of their own, files put behind each other, and time stamps that
// are wrong. A segment that is far from the others moves nothing; when all that follow
// are there, the time has passed.
type clock struct {
	now   int64 // never goes back
	last  int64 // the highest time stamp since the time stamps went back; 0: none has come
	top   int64 // the highest of all
	alone int64 // what the clock has gone on without a segment
	other int64 // the last time stamp, if it is far from last
	count int   // such in a row
}

// tick takes the time stamp of the next segment, and reports whether it is one on which
// several agree, far from those before.
func (c *clock) tick(at int64) (jumped bool) {
	if c.last == 0 {
		c.last, c.top = at, at
	}
	step := at - c.last - c.alone
	if far(step) {
		if far(at - c.other) {
			c.count = 0
		}
		c.other = at
		if c.count++; c.count == agreeing {
			c.jump()
			return true
		}
		return false
	}
	c.count = 0
	if step > 0 {
		c.now += step
		c.move(at)
	}
	return false
}

func far(step int64) bool { return step > longestStep || step < -longestStep }

// stamp gives the time of the last segment: it is the clock's, or will be if those that
// follow agree.
func (c *clock) stamp() int64 {
	step := c.other - c.last - c.alone
	if c.count == 0 || step < 0 {
		return c.now
	}
	return c.now + min(step, max(c.other-c.top, longestStep)) // not twice to where it has been
}

// jump takes over the time on which several segments agree.
func (c *clock) jump() {
	c.now = c.stamp()
	c.move(c.other)
	c.count = 0
}

func (c *clock) move(to int64) {
	c.last, c.top, c.alone = to, max(c.top, to), 0
}

// pass lets time pass without a segment.
func (c *clock) pass(d int64) { c.now, c.alone = c.now+d, c.alone+d }

// end takes over what few segments agree on, as no more come.
func (c *clock) end() (jumped bool) {
	if c.count < atEnd {
		return false
	}
	c.jump()
	return true
}
