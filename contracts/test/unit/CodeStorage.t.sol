// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Test} from "forge-std/Test.sol";
import {CodeStorage} from "../../src/libraries/CodeStorage.sol";

contract CodeStorageTest is Test {
    function testFuzz_codeStorage_givesBackWhatItTook(bytes memory data) public {
        address pointer = CodeStorage.write(data);
        assertEq(CodeStorage.read(pointer), data);
        assertEq(pointer.code[0], bytes1(0));
    }

    function test_codeStorage_takesTheLargestAndRefusesMore() public {
        bytes memory largest = new bytes(24_575);
        largest[24_574] = 0x01;
        assertEq(CodeStorage.read(CodeStorage.write(largest)), largest);
        vm.expectRevert(CodeStorage.CodeStorageFailed.selector);
        this.write(new bytes(24_576));
    }

    function test_codeStorage_cannotBeRunOrDestroyed() public {
        address pointer = CodeStorage.write(hex"33ff"); // CALLER SELFDESTRUCT
        (bool ok, bytes memory result) = pointer.call("");
        assertTrue(ok);
        assertEq(result.length, 0);
        assertEq(CodeStorage.read(pointer), hex"33ff");
    }

    function write(bytes memory data) external returns (address) {
        return CodeStorage.write(data);
    }
}
