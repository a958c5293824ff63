// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Test} from "forge-std/Test.sol";
import {IZPUJobs} from "../../src/interfaces/IZPUJobs.sol";
import {Proof} from "../../src/interfaces/IZPUTypes.sol";
import {ZPUJobs} from "../../src/ZPUJobs.sol";
import {ZPUProofVerifier} from "../../src/ZPUProofVerifier.sol";
import {ZPURegistry} from "../../src/ZPURegistry.sol";
import {ZPUToken} from "../../src/ZPUToken.sol";
import {ZPUTreasury} from "../../src/ZPUTreasury.sol";
import {TrapdoorKey} from "./TrapdoorKey.sol";
import {TrapdoorProver} from "./TrapdoorProver.sol";

/// @title All five contracts, the people around them, and the steps of a job
abstract contract Deployed is Test {
    uint256 internal constant MIN_STAKE = 1_000 ether;
    uint64 internal constant THAW = 21 days;
    uint256 internal constant PRICE = 2 ether;
    bytes32 internal constant MODEL = keccak256("model");
    bytes32 internal constant INPUT = bytes32(uint256(11));
    bytes32 internal constant OUTPUT = bytes32(uint256(22));
    bytes32 internal constant PEER = keccak256("peer");

    ZPUToken internal token;
    ZPURegistry internal registry;
    ZPUProofVerifier internal verifier;
    ZPUTreasury internal treasury;
    ZPUJobs internal jobs;

    address internal admin = makeAddr("admin");
    address internal operator = makeAddr("operator");
    address internal payout = makeAddr("payout");
    address internal stranger = makeAddr("stranger");
    address internal owner;
    uint256 internal ownerKey;
    address internal requestor;
    uint256 internal requestorKey;

    function setUp() public virtual {
        vm.warp(1_800_000_000);
        (owner, ownerKey) = makeAddrAndKey("owner");
        (requestor, requestorKey) = makeAddrAndKey("requestor");
        token = new ZPUToken(address(this));
        registry = new ZPURegistry(token, MIN_STAKE, THAW);
        verifier = new ZPUProofVerifier(admin);
        treasury = new ZPUTreasury(token, vm.computeCreateAddress(address(this), vm.getNonce(address(this)) + 1));
        jobs = new ZPUJobs(token, registry, verifier, treasury);
        vm.prank(admin);
        verifier.addVk(MODEL, TrapdoorKey.vk());
        token.transfer(owner, 10_000 ether);
        token.transfer(requestor, 1_000 ether);
    }

    function registerNode() internal {
        vm.startPrank(owner);
        token.approve(address(registry), MIN_STAKE);
        registry.register(operator, payout, PEER, MIN_STAKE);
        vm.stopPrank();
    }

    function registerOther() internal returns (address otherOwner, address otherOperator) {
        otherOwner = makeAddr("other owner");
        otherOperator = makeAddr("other operator");
        token.transfer(otherOwner, MIN_STAKE);
        vm.startPrank(otherOwner);
        token.approve(address(registry), MIN_STAKE);
        registry.register(otherOperator, otherOwner, PEER, MIN_STAKE);
        vm.stopPrank();
    }

    function terms() internal view returns (IZPUJobs.JobSpec memory) {
        return
            IZPUJobs.JobSpec({
                provider: owner,
                modelId: MODEL,
                inputCommitment: INPUT,
                price: PRICE,
                acceptBy: uint64(block.timestamp + 60),
                deadline: uint64(block.timestamp + 600)
            });
    }

    function post(IZPUJobs.JobSpec memory spec, uint256 nonce) internal returns (bytes32 jobId) {
        vm.startPrank(requestor);
        token.approve(address(jobs), spec.price);
        jobId = jobs.post(spec, nonce);
        vm.stopPrank();
    }

    function posted() internal returns (bytes32 jobId) {
        registerNode();
        return post(terms(), 1);
    }

    function accepted() internal returns (bytes32 jobId) {
        jobId = posted();
        vm.prank(operator);
        jobs.accept(jobId);
    }

    function proven() internal returns (bytes32 jobId) {
        jobId = accepted();
        Proof memory proof = proofFor(jobId, OUTPUT);
        vm.prank(operator);
        jobs.prove(jobId, OUTPUT, proof);
    }

    /// A valid proof for the job as it stands in the contract, and `output`.
    function proofFor(bytes32 jobId, bytes32 output) internal view returns (Proof memory) {
        IZPUJobs.Job memory job = jobs.jobOf(jobId);
        return
            TrapdoorProver.prove(
                [uint256(job.inputCommitment), uint256(output), jobs.contextOf(jobId, job.provider)],
                uint256(jobId)
            );
    }

    function permitOf(
        uint256 key,
        address spender,
        uint256 value,
        uint256 deadline
    ) internal view returns (uint8 v, bytes32 r, bytes32 s) {
        bytes32 structHash = keccak256(
            abi.encode(
                keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"),
                vm.addr(key),
                spender,
                value,
                token.nonces(vm.addr(key)),
                deadline
            )
        );
        return vm.sign(key, keccak256(abi.encodePacked("\x19\x01", token.DOMAIN_SEPARATOR(), structHash)));
    }

    function stateOf(bytes32 jobId) internal view returns (IZPUJobs.State) {
        return jobs.jobOf(jobId).state;
    }

    function expectState(bytes32 jobId, IZPUJobs.State state) internal view {
        assertEq(uint8(stateOf(jobId)), uint8(state));
    }

    function expectStateWrong(bytes32 jobId, IZPUJobs.State state) internal {
        vm.expectRevert(abi.encodeWithSelector(IZPUJobs.JobStateWrong.selector, jobId, state));
    }
}
