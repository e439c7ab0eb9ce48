/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Small guests under a debugger
 *
 * A test case is a piece of assembly with labels, a table of the addresses at
 * which the guest has to stop, and the control word of the debugger:
 *
 *	GUEST_ASM(blob,
 *		  "	nop\n"
 *		  "blob_1: mfmsr %r5\n"
 *		  "blob_2: nop\n");
 *	GUEST_LABELS(blob_1[], blob_2[]);
 *
 *	static const struct guest_stop stops[] = {
 *		STOP_AT(blob_1), STOP_AT(blob_2),
 *	};
 *
 *	debug_guest_start(&guest, blob, blob_end);
 *	debug_guest_control(&guest, GUESTDBG_STEP);
 *	debug_guest_expect_stops(&guest, stops, ARRAY_SIZE(stops));
 *
 * The guest has GUEST_RAM_SIZE of memory from address 0 and runs in real mode.
 * Wherever the test has not put anything else it finds `sc`, and starts with
 * the OSI magic in r3 and r4: a guest that goes astray, or runs on because it
 * is not stepped, exits.  Should it not, each KVM_RUN has a time limit.  Both
 * fail the test and show where the guest was.
 */
#ifndef SELFTEST_KVM_DEBUG_GUEST_H
#define SELFTEST_KVM_DEBUG_GUEST_H

#include <pthread.h>
#include <sched.h>

#include "kvm_util.h"
#include "processor.h"

#define GUEST_RAM_SIZE		0x100000
#define GUEST_CODE		0x10000	/* where guests start */
#define GUEST_DATA		0x80000	/* memory that no blob is put into */
#define GUEST_STACK		0xfff00	/* r1 */
#define GUEST_MMIO		0x40000000 /* nothing there: accesses exit */

#define GUESTDBG_OFF		0
#define GUESTDBG_STEP		(KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_SINGLESTEP)
#define GUESTDBG_SW_BP		(KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_USE_SW_BP)

/*
 * Position-independent guest code, as data of the test.  Labels inside it that
 * the test refers to are declared by GUEST_LABELS(label[], ...).
 */
#define GUEST_LABELS(...)	extern const u32 __VA_ARGS__

#define GUEST_ASM(_name, _code)						\
	extern const u32 _name[], _name##_end[];			\
	asm("	.pushsection .rodata, \"a\"\n"				\
	    "	.balign 4\n"						\
	    #_name ":\n"						\
	    _code							\
	    #_name "_end:\n"						\
	    "	.popsection\n")

/* The software breakpoint that KVM reports, INST_SW_BREAKPOINT */
#define GUEST_ASM_SW_BP		"	.long	0x00dddd00\n"

/* An exit to userspace, with the guest's registers as they are: KVM_EXIT_OSI */
#define GUEST_ASM_OSI							\
	"	lis	%r3, 0x1137\n"					\
	"	ori	%r3, %r3, 0x24fa\n"				\
	"	lis	%r4, 0x7781\n"					\
	"	ori	%r4, %r4, 0x0f9b\n"				\
	"	sc\n"

/* Return from interrupt, as the CPU has it that executes the guest */
#ifdef CONFIG_64BIT
#define GUEST_ASM_RFI		"	rfid\n"
#else
#define GUEST_ASM_RFI		"	rfi\n"
#endif

/* An address at which the guest is expected: a label, or any other address. */
struct guest_stop {
	const u32 *label;
	u64 pc;
};

#define STOP_AT(_label)		{ .label = (_label) }
#define STOP_VECTOR(_vec)	{ .pc = (_vec) }

struct debug_guest {
	struct kvm_vm *vm;
	struct kvm_vcpu *vcpu;

	/*
	 * As of the latest exit.  Changes made by a test reach the guest with
	 * debug_guest_start() or debug_guest_set_regs().
	 */
	struct kvm_regs regs;

	const u32 *blob;	/* what is at GUEST_CODE */
	u64 ea_offset;		/* from real to effective addresses of code */
	bool swap;		/* guest and host differ in byte order */
	bool completion;	/* KVM_RUN will read its answer from kvm_run */
};

void debug_guest_create(struct debug_guest *guest, u64 msr);
void debug_guest_destroy(struct debug_guest *guest);

/* Put code or data somewhere else, e.g. a handler at its vector. */
void debug_guest_load(struct debug_guest *guest, gpa_t gpa,
		      const u32 *start, const u32 *end);

/* Put a blob at GUEST_CODE, and let the next run begin there. */
void debug_guest_start(struct debug_guest *guest, const u32 *start,
		       const u32 *end);

void debug_guest_set_regs(struct debug_guest *guest);
void debug_guest_control(struct debug_guest *guest, u32 control);

/* Make an external interrupt pending, as an interrupt controller would. */
void debug_guest_raise_external(struct debug_guest *guest);

/* The guest's address of a label in the blob that was started */
u64 debug_guest_addr(struct debug_guest *guest, const u32 *label);

/* Words of guest memory in the guest's byte order */
u32 debug_guest_read32(struct debug_guest *guest, gpa_t gpa);
void debug_guest_write32(struct debug_guest *guest, gpa_t gpa, u32 val);

/*
 * KVM_RUN with kvm_run poisoned and with a time limit.  The first form returns
 * 0 or -errno, -ETIME if the guest is stuck.  The second form fails the test if
 * it is, and the third one unless the guest exits for the reason given.
 */
int debug_guest_try_run(struct debug_guest *guest);
int __debug_guest_run(struct debug_guest *guest);
void debug_guest_run(struct debug_guest *guest, u32 exit_reason);

/*
 * KVM_RUN that completes the exit before it, as after KVM_EXIT_OSI, when it
 * takes the GPRs from kvm_run, and runs nothing.
 */
void debug_guest_complete(struct debug_guest *guest);

/*
 * Run once for each element of the table; each run has to end in a debug exit
 * at the address that the table gives, with debug.arch filled in.
 */
void debug_guest_expect_stops(struct debug_guest *guest,
			      const struct guest_stop *stops, size_t nr);

static inline void debug_guest_expect_stop(struct debug_guest *guest,
					   const u32 *label)
{
	const struct guest_stop stop = STOP_AT(label);

	debug_guest_expect_stops(guest, &stop, 1);
}

static inline void debug_guest_expect_pc(struct debug_guest *guest, u64 pc)
{
	const struct guest_stop stop = STOP_VECTOR(pc);

	debug_guest_expect_stops(guest, &stop, 1);
}

/* Let the next run begin at a label in the blob. */
static inline void debug_guest_goto(struct debug_guest *guest, const u32 *label)
{
	guest->regs.pc = debug_guest_addr(guest, label);
	debug_guest_set_regs(guest);
}

/*
 * An interrupt handler that goes on after the instruction that caused the
 * interrupt, and uses r30.  The second function steps from its first
 * instruction to the one that it returns to.
 */
void debug_guest_load_skip_handler(struct debug_guest *guest, u64 vector);
void debug_guest_step_skip_handler(struct debug_guest *guest);

/* A register of any size, as KVM_GET_ONE_REG and KVM_SET_ONE_REG have it */
static inline void debug_guest_get_one_reg(struct debug_guest *guest, u64 id,
					   void *val)
{
	struct kvm_one_reg reg = { .id = id, .addr = (uintptr_t)val };

	vcpu_ioctl(guest->vcpu, KVM_GET_ONE_REG, &reg);
}

static inline void debug_guest_set_one_reg(struct debug_guest *guest, u64 id,
					   const void *val)
{
	struct kvm_one_reg reg = { .id = id, .addr = (uintptr_t)val };

	vcpu_ioctl(guest->vcpu, KVM_SET_ONE_REG, &reg);
}

static inline u32 debug_guest_get_reg32(struct debug_guest *guest, u64 id)
{
	u32 val;

	TEST_ASSERT_EQ(KVM_REG_SIZE(id), sizeof(val));
	debug_guest_get_one_reg(guest, id, &val);
	return val;
}

static inline void debug_guest_set_reg32(struct debug_guest *guest, u64 id,
					 u32 val)
{
	TEST_ASSERT_EQ(KVM_REG_SIZE(id), sizeof(val));
	debug_guest_set_one_reg(guest, id, &val);
}

/*
 * An external interrupt from another thread, and late: the guest must still be
 * in the KVM_RUN that comes next, or debug_guest_expect_woken() fails the test.
 */
struct debug_guest_waker {
	struct debug_guest *guest;
	pthread_t thread;
	bool raised;
};

void debug_guest_wake_later(struct debug_guest *guest,
			    struct debug_guest_waker *waker);
void debug_guest_expect_woken(struct debug_guest_waker *waker);

/* A thread that leaves the time limit's signal to the one that starts it */
void debug_guest_start_thread(pthread_t *thread, void *(*func)(void *),
			      void *arg);

/*
 * A thread that preempts the one that starts it whenever it wants to: both stay
 * on one CPU until it ends, which it does when it finds 'stop' set.  0, or EPERM
 * if there is no such thread as it would need a privilege.
 */
struct debug_guest_rival {
	pthread_t thread;
	cpu_set_t cpus;
	bool stop;
};

int debug_guest_start_rival(struct debug_guest_rival *rival,
			    void *(*func)(void *), void *arg);
void debug_guest_end_rival(struct debug_guest_rival *rival);

/*
 * Make the guest a 32-bit one of the 750's kind, with these translations by
 * BATs for supervisor and problem state, and no page table:
 *
 *	GUEST_BAT_RAM		all of the memory, instructions and data
 *	GUEST_BAT_RAM_RO	the same, data only, and only to be read
 *	GUEST_BAT_MMIO		data at GUEST_MMIO
 *
 * The real MMU of the host does not matter, as KVM does the translation.
 */
#define GUEST_BAT_RAM		0x20000000
#define GUEST_BAT_RAM_RO	0x21000000
#define GUEST_BAT_MMIO		0x30000000
#define GUEST_BAT_NOWHERE	0x50000000

void debug_guest_use_bats(struct debug_guest *guest);

#endif /* SELFTEST_KVM_DEBUG_GUEST_H */
