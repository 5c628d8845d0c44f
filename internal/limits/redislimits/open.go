package redislimits

import (
	"errors"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// Open makes a client for one Redis (redis:// or rediss://) that keeps the
// deadlines of its calls and does not try again: a limit has to be known now or
// not at all. It connects when it is first used. poolSize bounds the
// connections; 0 is go-redis' choice. The error never shows the URL, which may
// hold a password.
func Open(url string, poolSize int) (redis.UniversalClient, error) {
	o, err := redis.ParseURL(url)
	if err != nil {
		return nil, errors.New("REDIS_URL must look like redis://user:password@host:6379/0")
	}
	o.ContextTimeoutEnabled = true
	o.MaxRetries = -1
	o.DialTimeout, o.DialerRetries = time.Second, 1
	o.PoolSize = poolSize
	o.DisableIdentity = true
	o.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	return redis.NewClient(o), nil
}
