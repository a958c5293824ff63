// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IZPURegistry} from "../../src/interfaces/IZPURegistry.sol";
import {Deployed} from "../support/Deployed.sol";

contract SetPeerKeyTest is Deployed {
    function test_setPeerKey_changesIt() public {
        registerNode();
        vm.prank(owner);
        vm.expectEmit();
        emit IZPURegistry.PeerKeyChanged(owner, keccak256("new"));
        registry.setPeerKey(keccak256("new"));
        assertEq(registry.nodeOf(owner).peerKey, keccak256("new"));
    }

    function test_setPeerKey_refusesOperatorAndZero() public {
        registerNode();
        vm.prank(operator);
        vm.expectRevert(abi.encodeWithSelector(IZPURegistry.NotRegistered.selector, operator));
        registry.setPeerKey(keccak256("new"));
        vm.prank(owner);
        vm.expectRevert(IZPURegistry.PeerKeyZero.selector);
        registry.setPeerKey(0);
    }
}
