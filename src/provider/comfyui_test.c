#include "provider/provider_test.h"
int main(void) { return 0; }
