package redistest_test

import (
	"context"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"portico/internal/redislimits/redistest"
)

func TestAServerIsStoppedFrozenAndStartedAgain(t *testing.T) {
	s := redistest.New(t)
	o, err := redis.ParseURL(s.URL())
	if err != nil {
		t.Fatal(err)
	}
	o.MaxRetries, o.ReadTimeout = -1, 500*time.Millisecond
	client := redis.NewClient(o)
	defer client.Close()
	ctx := context.Background()
	if err := client.Set(ctx, "a", 1, 0).Err(); err != nil {
		t.Fatal(err)
	}
	s.Freeze()
	if err := client.Get(ctx, "a").Err(); err == nil {
		t.Error("a frozen server answered")
	}
	s.Thaw()
	if err := client.Get(ctx, "a").Err(); err != nil {
		t.Errorf("after the frost: %v", err)
	}
	s.Stop()
	s.Stop()
	if err := client.Ping(ctx).Err(); err == nil {
		t.Error("a stopped server answered")
	}
	s.Restart()
	if err := client.Get(ctx, "a").Err(); err != redis.Nil {
		t.Errorf("a server that was started again is empty, got %v", err)
	}
}

func TestTwoServersAreApart(t *testing.T) {
	one, stop := redistest.Start(t)
	two, _ := redistest.Start(t)
	if one == two {
		t.Fatal("two servers on one port")
	}
	stop()
	o, err := redis.ParseURL(two)
	if err != nil {
		t.Fatal(err)
	}
	client := redis.NewClient(o)
	defer client.Close()
	if err := client.Ping(context.Background()).Err(); err != nil {
		t.Errorf("stopping one server ended the other: %v", err)
	}
}
