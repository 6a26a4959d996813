// Tells the thread sanitizer what Swift's Mutex orders when two threads want it at the same time.
//
// Taking a free Mutex and giving it back are compiled into its users, and the sanitizer sees them. When another thread has
// it, both sides call into libswiftSynchronization, which is not instrumented, and the kernel hands the lock over
// (FUTEX_LOCK_PI, FUTEX_UNLOCK_PI): nothing of that is seen, and whatever the two threads do under the lock is reported
// as a race. So is every access in this program, which has none:
//
//     import Dispatch
//     import Synchronization
//     let numbers = Mutex<[Int]>([])
//     let group = DispatchGroup()
//     for number in 0..<4 {
//         DispatchQueue(label: "\(number)").async(group: group) {
//             for _ in 0..<100_000 { numbers.withLock { $0 = [$0.count] } }
//         }
//     }
//     group.wait()
//
// Loaded before the runtime, the functions here stand between, and say it. No report is suppressed.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>

#define LOCK "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define UNLOCK "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"
#define SWIFT __attribute__((swiftcall))
#define SELF __attribute__((swift_context)) void *self

// Absent in programs that are not instrumented.
__attribute__((weak)) void __tsan_acquire(void *address);
__attribute__((weak)) void __tsan_release(void *address);

SWIFT void lock_slow(uint32_t thread, SELF) __asm__(LOCK);
SWIFT void unlock_slow(SELF) __asm__(UNLOCK);

static SWIFT void (*lock_function)(uint32_t, SELF);
static SWIFT void (*unlock_function)(SELF);

__attribute__((constructor)) static void find_runtime(void) {
    lock_function = (SWIFT void (*)(uint32_t, SELF))dlsym(RTLD_NEXT, LOCK);
    unlock_function = (SWIFT void (*)(SELF))dlsym(RTLD_NEXT, UNLOCK);
}

SWIFT void lock_slow(uint32_t thread, SELF) {
    lock_function(thread, self);
    if (__tsan_acquire) __tsan_acquire(self);
}

SWIFT void unlock_slow(SELF) {
    if (__tsan_release) __tsan_release(self);
    unlock_function(self);
}
