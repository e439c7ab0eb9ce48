/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Small guests in assembly, for tests that need to know each instruction
 *
 * The guest has GUEST_RAM_SIZE of memory from real address 0.  It may be of
 * another word size and byte order than the host.  It runs in real mode, or
 * translated at the addresses GUEST_EA_*.  Interrupts are taken in real mode.
 *
 * All memory that a test leaves alone is filled with `sc`, and the guest starts
 * with the OSI magic in r3 and r4.  So a guest that goes astray, or that runs on
 * because nobody stops it, exits with KVM_EXIT_OSI.  Each KVM_RUN has a time
 * limit as well.  Either fails the test and says where the guest was.
 *
 * A case that steps over each word of straight code needs no labels:
 *
 *	GUEST_ASM(mtmsr_code,
 *		  "	mtmsr	%r6\n"
 *		  "	mfmsr	%r7\n");
 *
 *	self->guest.regs.gpr[6] = variant->msr | MSR_FP;
 *	asm_guest_step_all(&self->guest, mtmsr_code);
 *	TEST_ASSERT_EQ(self->guest.regs.gpr[7], variant->msr | MSR_FP);
 *
 * Where control goes elsewhere, the case names each stop:
 *
 *	asm_guest_start_step(&self->guest, branch_code);
 *	asm_guest_expect(&self->guest, STOP_AT(branch_code + 1),
 *			 STOP_AT(branch_target), STOP_PC(VEC_SYSCALL));
 */
#ifndef SELFTEST_KVM_ASM_GUEST_H
#define SELFTEST_KVM_ASM_GUEST_H

#include <pthread.h>
#include <sched.h>

#include "kvm_util.h"
#include "processor.h"

/* Real addresses */
#define GUEST_SCRATCH		0xe000	/* where the library puts code */
#define GUEST_CODE		0x10000	/* where guests start */
#define GUEST_DATA		0x80000	/* memory that no blob is put into */
#define GUEST_STACK		0xfff00	/* r1 */
#define GUEST_RAM_SIZE		0x100000
#define GUEST_MMIO		0x40000000 /* nothing there: accesses exit */
#define GUEST_TABLE		0x60000000 /* page table, if the guest has one */

/* Effective addresses of translated guests, in supervisor and problem state */
#define GUEST_EA_RAM		0x20000000 /* the RAM, code and data */
#define GUEST_EA_RAM_RO		0x21000000 /* the RAM, read-only data */
#define GUEST_EA_UNMAPPED	0x22000000 /* in a segment, but not mapped */
#define GUEST_EA_MMIO		0x30000000 /* GUEST_MMIO */
#define GUEST_EA_NOWHERE	0x50000000 /* not even a segment, if it has an SLB */
#define GUEST_EA_SIZE		0x100000   /* of each of them */

/* Memory slots that the library uses; tests have those from 1 on. */
#define GUEST_SLOT_RAM		0
#define GUEST_SLOT_TABLE	30

/* What KVM_SET_GUEST_DEBUG is asked for */
#define GUESTDBG_OFF		0
#define GUESTDBG_STEP		(KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_SINGLESTEP)
#define GUESTDBG_SW_BP		(KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_USE_SW_BP)

/**
 * GUEST_LABELS() - declare labels of guest code that the test refers to
 *
 * For example GUEST_LABELS(loop[], loop_end[]).  A word that has no label is
 * at the blob's name plus its index.
 */
#define GUEST_LABELS(...)	extern const u32 __VA_ARGS__

/**
 * GUEST_ASM() - define guest code as data of the test, a blob
 * @_name: the blob's name, an array of its words
 * @_code: position-independent assembly
 *
 * The word before the blob has its length, so that functions need no more than
 * the name.  @_name with the suffix _end is a label as well.  The code can use
 * all that a POWER8 has.
 */
#define GUEST_ASM(_name, _code)						\
	extern const u32 _name[], _name##_end[];			\
	asm("	.pushsection .rodata, \"a\"\n"				\
	    "	.machine push\n"					\
	    "	.machine power8\n"					\
	    "	.balign 4\n"						\
	    "	.long (" #_name "_end - " #_name ") / 4\n"		\
	    #_name ":\n"						\
	    _code							\
	    #_name "_end:\n"						\
	    "	.machine pop\n"						\
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

/*
 * Return from interrupt.  It is written as rfid, and becomes rfi when the blob is
 * loaded into a guest with a 32-bit CPU.
 */
#define GUEST_ASM_RFI		"	.long	0x4c000024\n"

/**
 * struct guest_stop - an address at which the guest has to stop
 * @label: in the blob that was started, or NULL
 * @pc: without a label, the address
 */
struct guest_stop {
	const u32 *label;
	u64 pc;
};

#define STOP_AT(_label)		{ .label = (_label) }
#define STOP_PC(_pc)		{ .pc = (_pc) }

/**
 * enum guest_mmu - how the guest's effective addresses become real ones
 * @GUEST_MMU_REAL: not at all; MSR[IR] and MSR[DR] stay off
 * @GUEST_MMU_BAT: by the BATs of a 32-bit CPU
 * @GUEST_MMU_SR: by a 32-bit CPU's segment registers and hashed page table
 * @GUEST_MMU_SLB: by the SLB and a hashed page table in guest memory
 * @GUEST_MMU_PAPR: the same, with the table in userspace: KVM_CAP_PPC_PAPR
 */
enum guest_mmu {
	GUEST_MMU_REAL,
	GUEST_MMU_BAT,
	GUEST_MMU_SR,
	GUEST_MMU_SLB,
	GUEST_MMU_PAPR,
};

/**
 * struct asm_guest_config - what kind of guest to create
 * @msr: the MSR that it starts with
 * @mmu: how it translates addresses
 * @cpu32: it has a 32-bit CPU, as all have on 32-bit hosts; BATs and segment
 *	registers imply it
 * @reattach: at each expected stop the debugger goes, writes the registers back
 *	as it found them, and comes again, as QEMU does
 * @hv: it is a guest of KVM HV, which the host must have; it has no exit by OSI
 */
struct asm_guest_config {
	u64 msr;
	enum guest_mmu mmu;
	bool cpu32;
	bool reattach;
	bool hv;
};

/**
 * struct asm_guest - a guest with one vCPU, unless asm_guest_add() adds more
 * @vm: its VM
 * @vcpu: its vCPU
 * @regs: its registers, as of the latest exit.  What a test writes here gets to
 *	the guest by asm_guest_start(), asm_guest_goto() or asm_guest_set_regs().
 * @config: what it was created as
 * @code: real address where blobs are put
 * @blob: the blob that is there
 * @ea_offset: from real to effective addresses of code
 * @control: what KVM_SET_GUEST_DEBUG was asked for latest
 * @run_limit: seconds that a KVM_RUN may take
 * @table: where the test finds the page table
 * @cpu32: it has a 32-bit CPU
 * @swap: guest and host differ in byte order
 * @completion: the next KVM_RUN reads its answer from struct kvm_run
 * @added: the VM belongs to another struct asm_guest
 */
struct asm_guest {
	struct kvm_vm *vm;
	struct kvm_vcpu *vcpu;
	struct kvm_regs regs;
	struct asm_guest_config config;
	gpa_t code;
	const u32 *blob;
	u64 ea_offset;
	u32 control;
	unsigned int run_limit;
	void *table;
	bool cpu32;
	bool swap;
	bool completion;
	bool added;
};

/**
 * __asm_guest_create() - create a guest and let it execute one instruction
 * @guest: the guest
 * @config: what kind of guest
 */
void __asm_guest_create(struct asm_guest *guest,
			const struct asm_guest_config *config);

/**
 * asm_guest_create() - create a guest in real mode, with the host's kind of CPU
 * @guest: the guest
 * @msr: the MSR that it starts with
 */
static inline void asm_guest_create(struct asm_guest *guest, u64 msr)
{
	__asm_guest_create(guest, &(struct asm_guest_config){ .msr = msr });
}

/**
 * asm_guest_add() - add a vCPU to the VM of another guest
 * @guest: the guest that has the new vCPU; its code is at an address of its own
 * @first: the guest that has the VM, and is destroyed later than @guest
 * @id: of the vCPU, from 1 to 4
 */
void asm_guest_add(struct asm_guest *guest, const struct asm_guest *first, u32 id);

/**
 * asm_guest_destroy() - free what a guest has
 * @guest: the guest
 */
void asm_guest_destroy(struct asm_guest *guest);

/**
 * asm_guest_set_mmu() - give a guest in real mode another MMU
 * @guest: the guest, which must not have a page table yet
 * @mmu: how it translates addresses when MSR[IR] or MSR[DR] is on
 *
 * The MSR stays as it is, and so does @guest->ea_offset.
 */
void asm_guest_set_mmu(struct asm_guest *guest, enum guest_mmu mmu);

/**
 * asm_guest_has_altivec() - does the guest's CPU have AltiVec?
 * @guest: the guest
 *
 * Guests with BATs are a 750, for the sake of paired singles.
 *
 * Return: true if the guest and the host have it
 */
static inline bool asm_guest_has_altivec(const struct asm_guest *guest)
{
	return host_has_altivec() && guest->config.mmu != GUEST_MMU_BAT;
}

/**
 * enum guest_prot - what a page may be used for, as PP bits of a page table entry
 * @GUEST_PROT_RW: loads and stores
 * @GUEST_PROT_RO: loads
 */
enum guest_prot {
	GUEST_PROT_RW = 2,
	GUEST_PROT_RO = 3,
};

/**
 * asm_guest_map() - map another page of 4 KB in the guest's page table
 * @guest: the guest; the table is empty if it uses BATs
 * @ea: effective address; 64-bit guests have segments 2 and 3 only
 * @gpa: real address
 * @prot: what the page may be used for
 */
void asm_guest_map(struct asm_guest *guest, u32 ea, u32 gpa, enum guest_prot prot);

/* Guest memory, at real addresses and in the guest's byte order */

/**
 * asm_guest_swap32() - swap a word if guest and host differ in byte order
 * @guest: the guest
 * @val: the word
 *
 * Return: the word in the other byte order, or as it is
 */
static inline u32 asm_guest_swap32(const struct asm_guest *guest, u32 val)
{
	return guest->swap ? __builtin_bswap32(val) : val;
}

/**
 * asm_guest_swap64() - swap a doubleword if guest and host differ in byte order
 * @guest: the guest
 * @val: the doubleword
 *
 * Return: the doubleword in the other byte order, or as it is
 */
static inline u64 asm_guest_swap64(const struct asm_guest *guest, u64 val)
{
	return guest->swap ? __builtin_bswap64(val) : val;
}

/**
 * asm_guest_read32() - read a word of guest memory
 * @guest: the guest
 * @gpa: its real address
 *
 * Return: the word
 */
u32 asm_guest_read32(struct asm_guest *guest, gpa_t gpa);

/**
 * asm_guest_write32() - write a word of guest memory
 * @guest: the guest
 * @gpa: its real address
 * @val: the word
 *
 * An instruction needs asm_guest_sync_code() as well.  A breakpoint does not: to
 * flush the caches for it is up to KVM_SET_GUEST_DEBUG.
 */
void asm_guest_write32(struct asm_guest *guest, gpa_t gpa, u32 val);

/**
 * asm_guest_sync_code() - have the CPU fetch instructions that have been written
 * @guest: the guest
 * @gpa: their real address
 * @size: how many, in bytes
 *
 * The instruction caches of PowerPC 970, 6xx, 7xx and 74xx do not snoop stores.
 * KVM flushes a page when the guest executes it first, and not when it is written
 * later.
 */
void asm_guest_sync_code(struct asm_guest *guest, gpa_t gpa, size_t size);

/**
 * asm_guest_fill() - fill guest memory with a word
 * @guest: the guest
 * @gpa: where to begin
 * @size: how much, in bytes
 * @val: the word
 */
void asm_guest_fill(struct asm_guest *guest, gpa_t gpa, size_t size, u32 val);

/**
 * __asm_guest_load() - put words of code somewhere
 * @guest: the guest
 * @gpa: real address
 * @start: first word
 * @end: end of the words
 */
void __asm_guest_load(struct asm_guest *guest, gpa_t gpa, const u32 *start,
		      const u32 *end);

/**
 * asm_guest_blob_end() - the label at a blob's end
 * @blob: what GUEST_ASM() made
 *
 * Return: the label
 */
const u32 *asm_guest_blob_end(const u32 *blob);

/**
 * asm_guest_load() - put a blob somewhere else than to the guest's start
 * @guest: the guest
 * @gpa: real address, for example a vector
 * @blob: the code
 */
static inline void asm_guest_load(struct asm_guest *guest, gpa_t gpa, const u32 *blob)
{
	__asm_guest_load(guest, gpa, blob, asm_guest_blob_end(blob));
}

/**
 * asm_guest_load_rfi_handler() - load an interrupt handler that returns at once
 * @guest: the guest
 * @vector: which interrupt
 */
void asm_guest_load_rfi_handler(struct asm_guest *guest, u64 vector);

/**
 * asm_guest_load_skip_handler() - load a handler that skips an instruction
 * @guest: the guest
 * @vector: which interrupt
 *
 * It goes on after the instruction that caused the interrupt, and uses r30.
 */
void asm_guest_load_skip_handler(struct asm_guest *guest, u64 vector);

/**
 * asm_guest_step_skip_handler() - step through the handler that skips
 * @guest: the guest, stopped at the handler's first instruction
 *
 * The last stop is at the instruction that the handler returns to.
 */
void asm_guest_step_skip_handler(struct asm_guest *guest);

/* Where the guest is */

/**
 * asm_guest_set_regs() - write guest->regs to the vCPU
 * @guest: the guest
 */
void asm_guest_set_regs(struct asm_guest *guest);

/**
 * __asm_guest_start() - put words of code to the guest's start, and start there
 * @guest: the guest
 * @start: first word
 * @end: end of the words
 */
void __asm_guest_start(struct asm_guest *guest, const u32 *start, const u32 *end);

/**
 * asm_guest_start() - put a blob to the guest's start, and start there
 * @guest: the guest; its vCPU gets guest->regs
 * @blob: the code
 */
static inline void asm_guest_start(struct asm_guest *guest, const u32 *blob)
{
	__asm_guest_start(guest, blob, asm_guest_blob_end(blob));
}

/**
 * asm_guest_addr() - effective address of a label
 * @guest: the guest
 * @label: in the blob that was started
 *
 * Return: the address
 */
u64 asm_guest_addr(const struct asm_guest *guest, const u32 *label);

/**
 * asm_guest_goto() - let the next run begin at a label
 * @guest: the guest; its vCPU gets guest->regs
 * @label: in the blob that was started
 */
void asm_guest_goto(struct asm_guest *guest, const u32 *label);

/**
 * asm_guest_data_addr() - address that a load or store finds real memory at
 * @guest: the guest
 * @gpa: real address
 *
 * Return: the address, for the MSR that the guest was created with
 */
u64 asm_guest_data_addr(const struct asm_guest *guest, gpa_t gpa);

/**
 * asm_guest_mmio_addr() - address at which loads and stores are MMIO
 * @guest: the guest
 *
 * Return: the address, for the MSR that the guest was created with
 */
u64 asm_guest_mmio_addr(const struct asm_guest *guest);

/* Running it */

/**
 * asm_guest_try_run() - KVM_RUN, with struct kvm_run filled with junk before
 * @guest: the guest
 *
 * The time limit is for a test's main thread only.
 *
 * Return: 0, -errno, or -ETIME if the guest is stuck
 */
int asm_guest_try_run(struct asm_guest *guest);

/**
 * __asm_guest_run() - KVM_RUN that fails the test if the guest is stuck
 * @guest: the guest
 *
 * Return: 0 or -errno
 */
int __asm_guest_run(struct asm_guest *guest);

/**
 * asm_guest_run() - KVM_RUN that has to end with an exit of a certain kind
 * @guest: the guest
 * @exit_reason: KVM_EXIT_...
 */
void asm_guest_run(struct asm_guest *guest, u32 exit_reason);

/**
 * asm_guest_run_immediate_exit() - KVM_RUN that completes the exit before it
 * @guest: the guest
 *
 * It executes no instruction, and has to return -EINTR.
 */
void asm_guest_run_immediate_exit(struct asm_guest *guest);

/**
 * asm_guest_run_to_osi() - let it run until an OSI exit, and complete that
 * @guest: the guest; what KVM changes for the exit is in its registers
 */
void asm_guest_run_to_osi(struct asm_guest *guest);

/**
 * asm_guest_raise_external() - make an external interrupt pending
 * @guest: the guest
 */
void asm_guest_raise_external(struct asm_guest *guest);

/**
 * asm_guest_expire_decrementer() - make a decrementer interrupt pending
 * @guest: the guest, which is where it was afterwards
 *
 * The guest waits for it, idle and with MSR[EE] off.  Its decrementer must not be
 * about to expire before: on a 32-bit CPU, that would make two interrupts.
 */
void asm_guest_expire_decrementer(struct asm_guest *guest);

/* The debugger */

/**
 * asm_guest_control() - KVM_SET_GUEST_DEBUG
 * @guest: the guest
 * @control: GUESTDBG_... or KVM_GUESTDBG_...
 */
void asm_guest_control(struct asm_guest *guest, u32 control);

/**
 * asm_guest_start_step() - asm_guest_start(), and step from there on
 * @guest: the guest
 * @blob: the code
 */
void asm_guest_start_step(struct asm_guest *guest, const u32 *blob);

/**
 * asm_guest_step_all() - start a blob and step over each of its words
 * @guest: the guest
 * @blob: straight code; each word has to be one step, the last one too
 */
void asm_guest_step_all(struct asm_guest *guest, const u32 *blob);

/**
 * asm_guest_expect_stops() - run to each stop of a table
 * @guest: the guest
 * @stops: the table
 * @nr: how many there are
 *
 * Each KVM_RUN has to end with KVM_EXIT_DEBUG, with the guest and debug.arch at
 * the stop's address and debug.arch.status 0.
 */
void asm_guest_expect_stops(struct asm_guest *guest,
			    const struct guest_stop *stops, size_t nr);

/**
 * asm_guest_expect() - run to each of the stops given
 * @_guest: the guest
 *
 * The stops are STOP_AT(label) and STOP_PC(address).
 */
#define asm_guest_expect(_guest, ...)					\
do {									\
	const struct guest_stop __stops[] = { __VA_ARGS__ };		\
									\
	asm_guest_expect_stops(_guest, __stops, ARRAY_SIZE(__stops));	\
} while (0)

/**
 * asm_guest_expect_stop() - run to a label
 * @guest: the guest
 * @label: in the blob that was started
 */
static inline void asm_guest_expect_stop(struct asm_guest *guest, const u32 *label)
{
	asm_guest_expect(guest, STOP_AT(label));
}

/**
 * asm_guest_expect_pc() - run to an address
 * @guest: the guest
 * @pc: the effective address
 */
static inline void asm_guest_expect_pc(struct asm_guest *guest, u64 pc)
{
	asm_guest_expect(guest, STOP_PC(pc));
}

/* Other threads */

/**
 * struct asm_guest_thread - another thread of the test
 * @thread: the thread
 * @stop: the thread is to return
 */
struct asm_guest_thread {
	pthread_t thread;
	bool stop;
};

/**
 * asm_guest_start_thread() - start a thread
 * @thread: the thread
 * @func: what it does
 * @arg: the argument of @func
 *
 * The signal of the time limit goes to the thread that calls this.
 */
void asm_guest_start_thread(struct asm_guest_thread *thread,
			    void *(*func)(void *), void *arg);

/**
 * asm_guest_join_thread() - wait until a thread has returned
 * @thread: the thread
 *
 * Return: what the thread returned
 */
void *asm_guest_join_thread(struct asm_guest_thread *thread);

/**
 * asm_guest_stop_thread() - set thread->stop, and wait until it has returned
 * @thread: the thread
 *
 * Return: what the thread returned
 */
static inline void *asm_guest_stop_thread(struct asm_guest_thread *thread)
{
	WRITE_ONCE(thread->stop, true);
	return asm_guest_join_thread(thread);
}

/**
 * struct asm_guest_preemptor - a thread that preempts the one that starts it
 * @thread: the thread
 * @cpus: where the starting thread may run without it
 */
struct asm_guest_preemptor {
	struct asm_guest_thread thread;
	cpu_set_t cpus;
};

/**
 * asm_guest_start_preemptor() - start a thread that preempts this one
 * @preemptor: the thread
 * @func: what it does, until it finds preemptor->thread.stop set
 * @arg: the argument of @func
 *
 * Both threads run on one CPU, and the new one with SCHED_FIFO.
 *
 * Return: 0, or EPERM if the test may not start such a thread
 */
int asm_guest_start_preemptor(struct asm_guest_preemptor *preemptor,
			      void *(*func)(void *), void *arg);

/**
 * asm_guest_stop_preemptor() - stop that thread and use all CPUs again
 * @preemptor: the thread
 */
void asm_guest_stop_preemptor(struct asm_guest_preemptor *preemptor);

/**
 * asm_guest_wait_idle() - wait until the vCPU is idle in KVM_RUN
 * @guest: the guest, which another thread runs
 * @stop: gives up waiting when it is set
 *
 * Return: false if it gave up
 */
bool asm_guest_wait_idle(struct asm_guest *guest, const bool *stop);

/**
 * struct asm_guest_waker - a thread that wakes a guest up
 * @thread: the thread
 * @guest: the guest
 * @woken: the guest was idle, and the interrupt is there
 */
struct asm_guest_waker {
	struct asm_guest_thread thread;
	struct asm_guest *guest;
	bool woken;
};

/**
 * asm_guest_wake_idle() - have the guest woken up when the next run finds it idle
 * @guest: the guest
 * @waker: the thread that raises an external interrupt
 */
void asm_guest_wake_idle(struct asm_guest *guest, struct asm_guest_waker *waker);

/**
 * asm_guest_expect_woken() - fail the test unless the guest was idle
 * @waker: what asm_guest_wake_idle() started
 */
void asm_guest_expect_woken(struct asm_guest_waker *waker);

#endif /* SELFTEST_KVM_ASM_GUEST_H */
