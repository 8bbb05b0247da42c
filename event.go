package complaints
type Event struct{}
