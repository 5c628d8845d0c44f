package redislimits

import (
	"errors"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// Open returns a client for one Redis (redis:// or rediss://) that respects the
// deadlines of its calls and does not retry: a late decision is useless. The client
// connects when it is first used. poolSize bounds the connections; 0 means go-redis'
// default. The error never contains the URL, which may contain a password.
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
