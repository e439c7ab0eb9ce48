// SPDX-License-Identifier: GPL-2.0-only
/*
 * Small guests in assembly, for tests that need to know each instruction
 */
#include <asm/byteorder.h>
#include <linux/sizes.h>
#include <signal.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "asm_guest.h"
#include "kvm_syscalls.h"

#define POISON		0xa5
#define RUN_LIMIT		10	/* seconds for a KVM_RUN */
#define STUCK_RUN_LIMIT_US	200000	/* once a guest of the program has hung */
#define CODE_DISTANCE	0x10000	/* from vCPU to vCPU */
#define IDLE_POLL_NS	1000000
#define MIN_CACHE_LINE	32		/* of the CPUs, in bytes */

/* Page tables; see also hash_mmu.c */
#define TABLE_SIZE		SZ_256K
#define PAGE_4K			0x1000
#define HASH_GROUP_SLOTS	8
#define HPTE_RCM		0x190	/* referenced, changed, coherent */
#define HPTE_VALID		1ULL
#define PTE_VALID		0x80000000U
#define SDR1_HTABMASK		(TABLE_SIZE / SZ_64K - 1) /* of 32-bit CPUs */

#define BAT_BL_1M		(7 << 2)	/* block length, in the upper half */
#define BAT_VALID		3		/* in both states */
#define BAT_RO			3		/* PP, in the lower half */
#define BAT_RW			2
#define BAT(_ea, _ra, _pp)						\
	((u64)((_ea) | BAT_BL_1M | BAT_VALID) << 32 | (_ra) | (_pp))

static struct kvm_run *watched_run;
static sig_atomic_t timed_out;
static bool *been_stuck;		/* each case is a process of its own */

static void __attribute__((constructor)) share_been_stuck(void)
{
	been_stuck = kvm_mmap(sizeof(*been_stuck), PROT_READ | PROT_WRITE,
			      MAP_SHARED | MAP_ANONYMOUS, -1);
}

static void time_is_up(int signum)
{
	WRITE_ONCE(timed_out, 1);

	/* The signal may arrive before KVM_RUN is there to be interrupted. */
	watched_run->immediate_exit = 1;
}

static void start_watch(struct asm_guest *guest)
{
	struct sigaction sa = { .sa_handler = time_is_up };
	struct itimerval limit = { .it_value.tv_sec = guest->run_limit };

	if (*been_stuck)
		limit.it_value = (struct timeval){ .tv_usec = STUCK_RUN_LIMIT_US };

	WRITE_ONCE(timed_out, 0);
	watched_run = guest->vcpu->run;
	TEST_ASSERT(!sigaction(SIGALRM, &sa, NULL), "sigaction() failed");
	TEST_ASSERT(!setitimer(ITIMER_REAL, &limit, NULL), "setitimer() failed");
}

static bool stop_watch(void)
{
	struct itimerval off = {};

	TEST_ASSERT(!setitimer(ITIMER_REAL, &off, NULL), "setitimer() failed");
	if (READ_ONCE(timed_out))
		watched_run->immediate_exit = 0;
	return timed_out;
}

static const char *where(u64 pc)
{
	static char buf[64];
	const char *vector = powerpc_vector_name(pc);

	snprintf(buf, sizeof(buf), "0x%" PRIx64 "%s%s%s", pc,
		 vector ? " (" : "", vector ?: "", vector ? " vector)" : "");
	return buf;
}

u32 asm_guest_read32(struct asm_guest *guest, gpa_t gpa)
{
	return asm_guest_swap32(guest, *(u32 *)addr_gpa2hva(guest->vm, gpa));
}

void asm_guest_write32(struct asm_guest *guest, gpa_t gpa, u32 val)
{
	*(u32 *)addr_gpa2hva(guest->vm, gpa) = asm_guest_swap32(guest, val);
}

void asm_guest_sync_code(struct asm_guest *guest, gpa_t gpa, size_t size)
{
	char *start = addr_gpa2hva(guest->vm, gpa & ~(gpa_t)(MIN_CACHE_LINE - 1));
	char *end = addr_gpa2hva(guest->vm, gpa), *line;

	end += size;
	for (line = start; line < end; line += MIN_CACHE_LINE)
		asm volatile("dcbst 0, %0" : : "r" (line) : "memory");
	asm volatile("sync" : : : "memory");
	for (line = start; line < end; line += MIN_CACHE_LINE)
		asm volatile("icbi 0, %0" : : "r" (line) : "memory");
	asm volatile("sync; isync" : : : "memory");
}

void asm_guest_fill(struct asm_guest *guest, gpa_t gpa, size_t size, u32 val)
{
	u32 *word = addr_gpa2hva(guest->vm, gpa), *end = word + size / sizeof(*word);

	val = asm_guest_swap32(guest, val);
	while (word < end)
		*word++ = val;
}

const u32 *asm_guest_blob_end(const u32 *blob)
{
	/* The compiler need not know that nothing else is before the blob. */
	asm("" : "+r" (blob));
	return blob + *(blob - 1);
}

void __asm_guest_load(struct asm_guest *guest, gpa_t gpa, const u32 *start,
		      const u32 *end)
{
	u32 *word = addr_gpa2hva(guest->vm, gpa);
	const u32 *inst;

	for (inst = start; inst < end; inst++)
		*word++ = asm_guest_swap32(guest, *inst == INST_RFID && guest->cpu32 ?
						  INST_RFI : *inst);
	asm_guest_sync_code(guest, gpa, (end - start) * sizeof(*start));
}

/*
 * Does KVM run this guest at all? If not, each test would have to wait for its
 * time limit to learn it.
 */
static void probe(struct asm_guest *guest)
{
	u64 pc = guest->code + guest->ea_offset;

	guest->regs.pc = pc;	/* a system call, as everywhere */
	asm_guest_set_regs(guest);
	asm_guest_run(guest, KVM_EXIT_OSI);
	TEST_ASSERT(guest->regs.pc == pc + sizeof(u32),
		    "KVM does not run the guest: it started at 0x%" PRIx64 " and is at 0x%llx",
		    pc, guest->regs.pc);

	asm_guest_run_immediate_exit(guest);
}

/* The vCPU, and all that is the same for each guest of a VM */
static void add_vcpu(struct asm_guest *guest, u32 id)
{
	const struct asm_guest_config *config = &guest->config;

	guest->swap = (config->msr & MSR_LE) != MSR_HOST_LE;
	guest->ea_offset = config->msr & MSR_IR ? GUEST_EA_RAM : 0;
	guest->code = GUEST_CODE + id * CODE_DISTANCE;
	guest->run_limit = RUN_LIMIT;
	guest->cpu32 = config->cpu32 || !MSR_HOST_SF;

	guest->vcpu = vm_vcpu_add_real_mode(guest->vm, id);
	if (guest->swap)
		vcpu_set_reg(guest->vcpu, KVM_REG_PPC_LPCR_64,
			     config->msr & MSR_LE ? LPCR_ILE : 0);
	if (config->mmu != GUEST_MMU_REAL || guest->cpu32)
		asm_guest_set_mmu(guest, config->mmu);

	vcpu_regs_get(guest->vcpu, &guest->regs);
	guest->regs.msr = config->msr;
	guest->regs.gpr[3] = OSI_SC_MAGIC_R3;
	guest->regs.gpr[4] = OSI_SC_MAGIC_R4;

	/*
	 * Paravirtualized guests announce a critical section, in which KVM
	 * holds interrupts back, by storing r1 in the magic page.  Others look
	 * as if they were in one while r1 is 0.
	 */
	guest->regs.gpr[1] = GUEST_STACK;
}

void __asm_guest_create(struct asm_guest *guest,
			const struct asm_guest_config *config)
{
	const struct vm_shape shape = {
		.mode = VM_MODE_DEFAULT,
		.type = config->hv ? KVM_VM_PPC_HV : KVM_VM_PPC_PR,
	};

	if (!config->hv)
		powerpc_require_pr();

	memset(guest, 0, sizeof(*guest));
	guest->config = *config;
	guest->vm = ____vm_create(shape);
	vm_userspace_mem_region_add(guest->vm, VM_MEM_SRC_ANONYMOUS, 0,
				    GUEST_SLOT_RAM,
				    GUEST_RAM_SIZE >> guest->vm->page_shift, 0);
	add_vcpu(guest, 0);
	asm_guest_fill(guest, 0, GUEST_RAM_SIZE, INST_SC);
	if (!config->hv)
		probe(guest);
}

void asm_guest_add(struct asm_guest *guest, const struct asm_guest *first, u32 id)
{
	memset(guest, 0, sizeof(*guest));
	guest->config = first->config;
	guest->vm = first->vm;
	guest->table = first->table;
	guest->added = true;
	add_vcpu(guest, id);
}

void asm_guest_destroy(struct asm_guest *guest)
{
	if (guest->added)
		return;

	kvm_vm_free(guest->vm);
	if (guest->config.mmu == GUEST_MMU_PAPR)
		free(guest->table);
}

void asm_guest_set_regs(struct asm_guest *guest)
{
	vcpu_regs_set(guest->vcpu, &guest->regs);
}

void __asm_guest_start(struct asm_guest *guest, const u32 *start, const u32 *end)
{
	__asm_guest_load(guest, guest->code, start, end);
	guest->blob = start;
	asm_guest_goto(guest, start);
}

u64 asm_guest_addr(const struct asm_guest *guest, const u32 *label)
{
	return guest->code + guest->ea_offset + (label - guest->blob) * sizeof(*label);
}

void asm_guest_goto(struct asm_guest *guest, const u32 *label)
{
	guest->regs.pc = asm_guest_addr(guest, label);
	asm_guest_set_regs(guest);
}

u64 asm_guest_data_addr(const struct asm_guest *guest, gpa_t gpa)
{
	return gpa + (guest->config.msr & MSR_DR ? GUEST_EA_RAM : 0);
}

u64 asm_guest_mmio_addr(const struct asm_guest *guest)
{
	return guest->config.msr & MSR_DR ? GUEST_EA_MMIO : GUEST_MMIO;
}

/*
 * kvm_run's exit information is a union, and KVM writes only what an exit is
 * documented to have.  Fill it with non-zero bytes so that a field which KVM
 * leaves alone does not look as if it had been cleared; but keep an answer
 * that KVM has yet to pick up.
 */
static void poison_run(struct asm_guest *guest)
{
	struct kvm_run *run = guest->vcpu->run;

	if (!guest->completion)
		memset(run->padding, POISON, sizeof(run->padding));
}

int asm_guest_try_run(struct asm_guest *guest)
{
	struct kvm_run *run = guest->vcpu->run;
	bool watch = gettid() == getpid(), stuck = false;
	int ret;

	poison_run(guest);

	if (watch)
		start_watch(guest);
	ret = __vcpu_run(guest->vcpu) ? -errno : 0;
	if (watch)
		stuck = stop_watch();

	vcpu_regs_get(guest->vcpu, &guest->regs);
	errno = 0;

	guest->completion = !ret && (run->exit_reason == KVM_EXIT_MMIO ||
				     run->exit_reason == KVM_EXIT_OSI ||
				     run->exit_reason == KVM_EXIT_PAPR_HCALL);
	if (!stuck || ret != -EINTR)
		return ret;

	*been_stuck = true;
	return -ETIME;
}

int __asm_guest_run(struct asm_guest *guest)
{
	int ret = asm_guest_try_run(guest);

	TEST_ASSERT(ret != -ETIME,
		    "Guest is stuck at %s, msr 0x%llx, srr0 0x%llx, srr1 0x%llx",
		    where(guest->regs.pc), guest->regs.msr, guest->regs.srr0,
		    guest->regs.srr1);
	return ret;
}

void asm_guest_run(struct asm_guest *guest, u32 exit_reason)
{
	struct kvm_run *run = guest->vcpu->run;
	int ret = __asm_guest_run(guest);

	TEST_ASSERT(!ret, "KVM_RUN failed at %s, errno: %d",
		    where(guest->regs.pc), -ret);
	TEST_ASSERT(run->exit_reason == exit_reason,
		    "Wanted exit %s, got %s at %s",
		    exit_reason_str(exit_reason),
		    exit_reason_str(run->exit_reason), where(guest->regs.pc));
}

void asm_guest_run_immediate_exit(struct asm_guest *guest)
{
	struct kvm_run *run = guest->vcpu->run;

	run->immediate_exit = 1;
	TEST_ASSERT_EQ(__asm_guest_run(guest), -EINTR);
	run->immediate_exit = 0;
}

void asm_guest_run_to_osi(struct asm_guest *guest)
{
	asm_guest_run(guest, KVM_EXIT_OSI);
	asm_guest_run_immediate_exit(guest);
}

void asm_guest_raise_external(struct asm_guest *guest)
{
	vcpu_interrupt(guest->vcpu, KVM_INTERRUPT_SET);
}

GUEST_ASM(expire_code,
	  "	mtdec	%r5\n"
	  "	mtmsr	%r6\n"
	  GUEST_ASM_OSI);

void asm_guest_expire_decrementer(struct asm_guest *guest)
{
	u32 control = guest->control;
	struct kvm_regs regs;

	if (guest->completion)
		asm_guest_run_immediate_exit(guest);

	regs = guest->regs;
	asm_guest_control(guest, GUESTDBG_OFF);
	asm_guest_load(guest, GUEST_SCRATCH, expire_code);
	guest->regs.pc = GUEST_SCRATCH;
	guest->regs.msr &= ~(MSR_EE | MSR_PR | MSR_IR | MSR_DR | MSR_SE | MSR_BE);
	guest->regs.gpr[5] = 1;
	guest->regs.gpr[6] = (u32)guest->regs.msr | MSR_POW;
	asm_guest_set_regs(guest);
	asm_guest_run_to_osi(guest);

	guest->regs = regs;
	asm_guest_set_regs(guest);
	asm_guest_control(guest, control);
}

void asm_guest_control(struct asm_guest *guest, u32 control)
{
	struct kvm_guest_debug debug = { .control = control };

	vcpu_guest_debug_set(guest->vcpu, &debug);
	guest->control = control;
}

void asm_guest_start_step(struct asm_guest *guest, const u32 *blob)
{
	asm_guest_start(guest, blob);
	asm_guest_control(guest, GUESTDBG_STEP);
}

void asm_guest_step_all(struct asm_guest *guest, const u32 *blob)
{
	const u32 *word, *end = asm_guest_blob_end(blob);

	asm_guest_start_step(guest, blob);
	for (word = blob + 1; word <= end; word++)
		asm_guest_expect_stop(guest, word);
}

static void reattach(struct asm_guest *guest)
{
	u32 control = guest->control;

	asm_guest_control(guest, GUESTDBG_OFF);
	asm_guest_set_regs(guest);
	asm_guest_control(guest, control);
}

void asm_guest_expect_stops(struct asm_guest *guest,
			    const struct guest_stop *stops, size_t nr)
{
	struct kvm_debug_exit_arch *arch = &guest->vcpu->run->debug.arch;
	struct kvm_debug_exit_arch bad = {};
	size_t i, nr_bad = 0;
	u64 pc;

	for (i = 0; i < nr; i++) {
		pc = stops[i].label ? asm_guest_addr(guest, stops[i].label) :
				      stops[i].pc;

		asm_guest_run(guest, KVM_EXIT_DEBUG);
		TEST_ASSERT(guest->regs.pc == pc,
			    "Stop %zu of %zu: wanted at 0x%" PRIx64 ", is at %s",
			    i + 1, nr, pc, where(guest->regs.pc));

		if ((arch->address != pc || arch->status) && !nr_bad++)
			bad = *arch;
		if (guest->config.reattach)
			reattach(guest);
	}

	/* Last, so that stops in the wrong places are not hidden by it. */
	TEST_ASSERT(!nr_bad,
		    "debug.arch is wrong in %zu of %zu stops, first: address 0x%llx, status 0x%x",
		    nr_bad, nr, bad.address, bad.status);
}

GUEST_ASM(rfi_handler, GUEST_ASM_RFI);

void asm_guest_load_rfi_handler(struct asm_guest *guest, u64 vector)
{
	asm_guest_load(guest, vector, rfi_handler);
}

GUEST_ASM(skip_handler,
	  "	mfsrr0	%r30\n"
	  "	addi	%r30, %r30, 4\n"
	  "	mtsrr0	%r30\n"
	  GUEST_ASM_RFI);

void asm_guest_load_skip_handler(struct asm_guest *guest, u64 vector)
{
	asm_guest_load(guest, vector, skip_handler);
}

void asm_guest_step_skip_handler(struct asm_guest *guest)
{
	u64 vector = guest->regs.pc, next = guest->regs.srr0 + sizeof(u32);

	asm_guest_expect(guest, STOP_PC(vector + 4), STOP_PC(vector + 8),
			 STOP_PC(vector + 12), STOP_PC(next));
}

void asm_guest_start_thread(struct asm_guest_thread *thread,
			    void *(*func)(void *), void *arg)
{
	sigset_t alarm, old;

	thread->stop = false;
	sigemptyset(&alarm);
	sigaddset(&alarm, SIGALRM);
	pthread_sigmask(SIG_BLOCK, &alarm, &old);
	TEST_ASSERT(!pthread_create(&thread->thread, NULL, func, arg),
		    "pthread_create() failed");
	pthread_sigmask(SIG_SETMASK, &old, NULL);
}

void *asm_guest_join_thread(struct asm_guest_thread *thread)
{
	void *ret;

	TEST_ASSERT(!pthread_join(thread->thread, &ret), "pthread_join() failed");
	return ret;
}

int asm_guest_start_preemptor(struct asm_guest_preemptor *preemptor,
			      void *(*func)(void *), void *arg)
{
	const struct sched_param prio = { .sched_priority = 1 };
	cpu_set_t here;
	int ret;

	kvm_sched_getaffinity(0, sizeof(preemptor->cpus), &preemptor->cpus);
	CPU_ZERO(&here);
	CPU_SET(sched_getcpu(), &here);
	kvm_sched_setaffinity(0, sizeof(here), &here);

	asm_guest_start_thread(&preemptor->thread, func, arg);
	ret = pthread_setschedparam(preemptor->thread.thread, SCHED_FIFO, &prio);
	TEST_ASSERT(!ret || ret == EPERM, "pthread_setschedparam() failed: %d", ret);
	if (ret)
		asm_guest_stop_preemptor(preemptor);
	return ret;
}

void asm_guest_stop_preemptor(struct asm_guest_preemptor *preemptor)
{
	asm_guest_stop_thread(&preemptor->thread);
	kvm_sched_setaffinity(0, sizeof(preemptor->cpus), &preemptor->cpus);
}

bool asm_guest_wait_idle(struct asm_guest *guest, const bool *stop)
{
	const struct timespec poll = { .tv_nsec = IDLE_POLL_NS };

	while (!READ_ONCE(*stop)) {
		if (vcpu_get_stat(guest->vcpu, blocking))
			return true;
		nanosleep(&poll, NULL);
	}
	return false;
}

static void *wake_idle(void *arg)
{
	struct asm_guest_waker *waker = arg;

	if (asm_guest_wait_idle(waker->guest, &waker->thread.stop)) {
		WRITE_ONCE(waker->woken, true);
		asm_guest_raise_external(waker->guest);
	}
	return NULL;
}

void asm_guest_wake_idle(struct asm_guest *guest, struct asm_guest_waker *waker)
{
	waker->guest = guest;
	waker->woken = false;
	asm_guest_start_thread(&waker->thread, wake_idle, waker);
}

void asm_guest_expect_woken(struct asm_guest_waker *waker)
{
	asm_guest_stop_thread(&waker->thread);
	TEST_ASSERT(waker->woken, "The guest did not wait for an interrupt");
}

/* What translated guests find at GUEST_EA_* */
static const struct mapping {
	u32 ea;
	u32 ra;
	enum guest_prot prot;
} mappings[] = {
	{ GUEST_EA_RAM, 0, GUEST_PROT_RW },
	{ GUEST_EA_RAM_RO, 0, GUEST_PROT_RO },
	{ GUEST_EA_MMIO, GUEST_MMIO, GUEST_PROT_RW },
};

/* The VSID of each segment that the table has entries for */
static u32 vsid_of(u32 ea)
{
	return (ea >> SEGMENT_SHIFT) + 1;
}

/* A PTE of 32-bit CPUs: two words */
static void add_pte(__be32 *table, u32 ea, u32 ra, u32 prot)
{
	u32 vsid = vsid_of(ea), page = (ea & (SEGMENT_SIZE - 1)) / PAGE_4K, i;
	__be32 *pte = table + ((vsid ^ page) * HASH_GROUP_SLOTS * 2) %
			      (TABLE_SIZE / sizeof(*pte));

	for (i = 0; i < HASH_GROUP_SLOTS && pte[0]; i++)
		pte += 2;
	TEST_ASSERT(i < HASH_GROUP_SLOTS, "No free PTE for 0x%x", ea);
	pte[1] = cpu_to_be32(ra | HPTE_RCM | prot);
	pte[0] = cpu_to_be32(PTE_VALID | vsid << 7 | page >> 10);
}

/* One of 64-bit CPUs: two doublewords */
static void add_hpte(__be64 *table, u32 ea, u32 ra, u32 prot)
{
	u32 vsid = vsid_of(ea), page = (ea & (SEGMENT_SIZE - 1)) / PAGE_4K, i;
	__be64 *hpte = table + ((vsid ^ page) * HASH_GROUP_SLOTS * 2) %
			       (TABLE_SIZE / sizeof(*hpte));
	u64 avpn = ((u64)vsid << SEGMENT_SHIFT | page * PAGE_4K) >> 23;

	for (i = 0; i < HASH_GROUP_SLOTS && hpte[0]; i++)
		hpte += 2;
	TEST_ASSERT(i < HASH_GROUP_SLOTS, "No free HPTE for 0x%x", ea);
	hpte[1] = cpu_to_be64(ra | HPTE_RCM | prot);
	hpte[0] = cpu_to_be64(avpn << 7 | HPTE_VALID);
}

void asm_guest_map(struct asm_guest *guest, u32 ea, u32 gpa, enum guest_prot prot)
{
	if (guest->cpu32)
		add_pte(guest->table, ea, gpa, prot);
	else
		add_hpte(guest->table, ea, gpa, prot);
}

static void fill_table(struct asm_guest *guest)
{
	const struct mapping *m;
	u32 i;

	for (m = mappings; m < mappings + ARRAY_SIZE(mappings); m++)
		for (i = 0; i < GUEST_EA_SIZE; i += PAGE_4K)
			asm_guest_map(guest, m->ea + i, m->ra + i, m->prot);
}

/* Of the hashed page table: its place, as SDR1 has it; it is made if need be. */
static u64 table_addr(struct asm_guest *guest, enum guest_mmu mmu)
{
	struct kvm_vm *vm = guest->vm;

	if (guest->table)
		return mmu == GUEST_MMU_PAPR ? (uintptr_t)guest->table : GUEST_TABLE;

	if (mmu == GUEST_MMU_PAPR) {
		guest->table = aligned_alloc(TABLE_SIZE, TABLE_SIZE);
		TEST_ASSERT(guest->table, "Insufficient Memory");
		memset(guest->table, 0, TABLE_SIZE);
	} else {
		vm_userspace_mem_region_add(vm, VM_MEM_SRC_ANONYMOUS, GUEST_TABLE,
					    GUEST_SLOT_TABLE,
					    TABLE_SIZE >> vm->page_shift, 0);
		guest->table = addr_gpa2hva(vm, GUEST_TABLE);
	}

	/* With BATs it stays empty. */
	if (mmu != GUEST_MMU_BAT)
		fill_table(guest);
	return table_addr(guest, mmu);
}

static void set_segment_registers(struct kvm_sregs *sregs)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sregs->u.s.ppc32.sr); i++)
		sregs->u.s.ppc32.sr[i] = vsid_of(i << SEGMENT_SHIFT);
}

static void set_bats(struct kvm_sregs *sregs)
{
	__u64 *ibat = sregs->u.s.ppc32.ibat, *dbat = sregs->u.s.ppc32.dbat;

	ibat[0] = BAT(GUEST_EA_RAM, 0, BAT_RW);
	dbat[0] = BAT(GUEST_EA_RAM, 0, BAT_RW);
	dbat[1] = BAT(GUEST_EA_RAM_RO, 0, BAT_RO);
	dbat[2] = BAT(GUEST_EA_MMIO, GUEST_MMIO, BAT_RW);
}

static void set_slb(struct kvm_sregs *sregs)
{
	static const u32 eas[] = { GUEST_EA_RAM, GUEST_EA_MMIO };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(eas); i++) {
		sregs->u.s.ppc64.slb[i].slbe = eas[i] | SLB_ESID_V | i;
		sregs->u.s.ppc64.slb[i].slbv = (u64)vsid_of(eas[i]) << SLB_VSID_SHIFT;
	}
}

void asm_guest_set_mmu(struct asm_guest *guest, enum guest_mmu mmu)
{
	struct kvm_sregs sregs;

	guest->cpu32 |= mmu == GUEST_MMU_BAT || mmu == GUEST_MMU_SR;
	guest->config.mmu = mmu;
	if (mmu == GUEST_MMU_PAPR)
		vcpu_enable_cap(guest->vcpu, KVM_CAP_PPC_PAPR, 0);

	vcpu_sregs_get(guest->vcpu, &sregs);
	memset(&sregs.u, 0, sizeof(sregs.u));
	if (guest->cpu32) {
		sregs.pvr = mmu == GUEST_MMU_BAT ? PVR_750 : PVR_7400;
		set_segment_registers(&sregs);
	}
	if (mmu != GUEST_MMU_REAL)
		sregs.u.s.sdr1 = table_addr(guest, mmu);
	if (mmu == GUEST_MMU_BAT)
		set_bats(&sregs);
	else if (mmu == GUEST_MMU_SR)
		sregs.u.s.sdr1 |= SDR1_HTABMASK;
	else if (mmu == GUEST_MMU_SLB || mmu == GUEST_MMU_PAPR)
		set_slb(&sregs);
	vcpu_sregs_set(guest->vcpu, &sregs);
}
