/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stint-runtime under an engine that gives its runtime no environment: compiled with the program and its root. */
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	(void)argc;
	return setenv("STINT_ROOT", ROOT, 1) < 0 || execv(PROGRAM, argv) < 0 ? 127 : 0;
}
