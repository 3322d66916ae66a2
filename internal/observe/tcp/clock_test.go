package tcp

import "testing"

const second = int64(1e9)

// TestClock: the clock follows the time stamps, but for few of them that are far from
// all others.
func TestClock(t *testing.T) {
	const start = 1_780_000_000 * second
	hour := 3600 * second
	many := func(at int64, n int) (list []int64) {
		for i := range n {
			list = append(list, at+int64(i)*second/10)
		}
		return list
	}
	join := func(lists ...[]int64) (all []int64) {
		for _, l := range lists {
			all = append(all, l...)
		}
		return all
	}
	for name, c := range map[string]struct {
		stamps   []int64
		min, max int64 // what has passed, in seconds
	}{
		"steady":                             {many(0, 600), 59, 61},
		"a little back and forth":            {join(many(0, 100), many(5*second, 50), many(0, 200)), 19, 21},
		"one stamp of next year":             {join(many(0, 50), []int64{9000 * hour}, many(5*second, 50)), 9, 11},
		"one stamp of no time":               {join(many(0, 50), []int64{-start + 1}, many(5*second, 50)), 9, 11},
		"some that agree on nothing":         {join(many(0, 50), []int64{9 * hour, 70 * hour, 3 * hour, 1000 * hour, -9 * hour}, many(5*second, 50)), 9, 11},
		"a gap of two hours":                 {join(many(0, 50), many(2*hour, 20)), 7200, 7210},
		"a gap of two hours, and the end":    {join(many(0, 50), many(2*hour, 2)), 7200, 7210},
		"a gap of two hours, and one more":   {join(many(0, 50), many(2*hour, 1)), 4, 6},
		"an earlier capture behind":          {join(many(0, 600), many(-5*hour, 600)), 110, 120},
		"two clocks, in turns":               {join(many(0, 5), many(9*hour, 5), many(second, 5), many(9*hour+second, 5), many(2*second, 5)), 2, 3},
		"two clocks, in turns that are long": {join(many(0, 40), many(9*hour, 40), many(4*second, 40), many(9*hour+4*second, 40), many(8*second, 40)), 9 * 3600, 9*3600 + 100},
	} {
		var k clock
		before := int64(0)
		for _, at := range c.stamps {
			if k.tick(start + at); k.now < before {
				t.Errorf("%s: it goes back", name)
			}
			before = k.now
		}
		k.end()
		if got := k.now / second; got < c.min || got > c.max {
			t.Errorf("%s: %d seconds have passed", name, got)
		}
	}
	var k clock
	k.tick(start)
	k.pass(90 * second)
	k.tick(start + 91*second)
	if k.now != 91*second {
		t.Errorf("%d ns after 91 s, most of them without a segment", k.now)
	}
}
