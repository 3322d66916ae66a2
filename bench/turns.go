package bench

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"time"
)

// A contender is one column of a row. once gives the time of one operation,
// the mean of a slice of them.
type contender struct {
	name string
	once func() (time.Duration, error)
}

// samples are what the contenders took, by name and in the order of the turns.
type samples map[string][]time.Duration

// inTurns lets the contenders run one after the other, again and again, so that
// all see the same machine. The collector runs between the slices and not within them: what
// a side leaves behind is in the row of allocations.
func inTurns(count int, all []contender) (samples, error) {
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	got := samples{}
	for turn := range count + 1 {
		for i := range all {
			c := all[(turn+i)%len(all)] // nobody is always the first
			runtime.GC()
			d, err := c.once()
			if err != nil {
				return nil, fmt.Errorf("%s: %w", c.name, err)
			}
			if turn > 0 { // the first fills the pools and the caches
				got[c.name] = append(got[c.name], d)
			}
		}
	}
	return got, nil
}

// median gives the middle one, 0 if there is none.
func median[T float64 | time.Duration](list []T) T {
	if len(list) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(list))
	return sorted[len(sorted)/2]
}

// ratio gives the median of the ratios of a to b in the same turn, 0 if one of
// them is not there. It is steadier than the ratio of the medians: what slows
// the machine slows both.
func (s samples) ratio(a, b string) float64 {
	var ratios []float64
	for i := range min(len(s[a]), len(s[b])) {
		ratios = append(ratios, float64(s[a][i])/float64(s[b][i]))
	}
	return median(ratios)
}

func us(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1000 }
