/* Preloaded into a program, has its wall clock be off by WRONG_CLOCK seconds, as on a machine whose clock is not set. What
   the program hands to the system as a time of the wall clock is set right again, since the system's own clock is not off. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

static long long offset(void) {
    const char *text = getenv("WRONG_CLOCK");
    return text ? atoll(text) : 0;
}

int clock_gettime(clockid_t clock, struct timespec *time) {
    if (syscall(SYS_clock_gettime, clock, time) != 0) return -1;
    if (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE) time->tv_sec += offset();
    return 0;
}

int gettimeofday(struct timeval *restrict time, void *restrict zone) {
    struct timespec now;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &now);
    time->tv_sec = now.tv_sec;
    time->tv_usec = now.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *result) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (result) *result = now.tv_sec;
    return now.tv_sec;
}

/* Times of the wall clock are decades from zero, those of the other clocks count from the machine's start. */
static struct timespec right(const struct timespec *time) {
    struct timespec result = *time;
    if (result.tv_sec > 1000000000) result.tv_sec -= offset();
    return result;
}

int pthread_cond_timedwait(pthread_cond_t *restrict condition, pthread_mutex_t *restrict mutex,
                           const struct timespec *restrict until) {
    static int (*real)(pthread_cond_t *, pthread_mutex_t *, const struct timespec *);
    struct timespec time = right(until);
    /* On x86-64 there is an older one of that name besides. */
    if (!real) *(void **)&real = dlvsym(RTLD_NEXT, "pthread_cond_timedwait", "GLIBC_2.3.2");
    if (!real) *(void **)&real = dlsym(RTLD_NEXT, "pthread_cond_timedwait");
    return real ? real(condition, mutex, &time) : ENOSYS;
}

int timerfd_settime(int descriptor, int flags, const struct itimerspec *value, struct itimerspec *old) {
    struct itimerspec time = *value;
    if (flags & TFD_TIMER_ABSTIME) time.it_value = right(&value->it_value);
    return (int)syscall(SYS_timerfd_settime, descriptor, flags, &time, old);
}
