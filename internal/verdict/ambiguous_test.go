package verdict_test

import (
	"testing"

	. "portico/internal/verdict"
)

// However many apps fit a key of a whole account: more than one is ambiguous,
// wherever apps that do not fit stand among them.
func TestThreeAppsThatFitAreAmbiguous(t *testing.T) {
	for fit := 2; fit <= 5; fit++ {
		for unfit := range 3 {
			w := valid()
			w.c.Key.AppID = [16]byte{}
			w.c.Apps = nil
			for i := range fit {
				for range unfit {
					other := app(byte(150+i), byte(160+i), byte(170+i))
					other.Subscriptions = nil
					w.c.Apps = append(w.c.Apps, other)
				}
				w.c.Apps = append(w.c.Apps, app(byte(100+i), byte(110+i), byte(120+i)))
			}
			if v := w.decide(t); v.Code != AmbiguousApp || v.App != nil {
				t.Errorf("%d apps that fit, each after %d that do not: %s", fit, unfit, v.Code)
			}
		}
	}
}
