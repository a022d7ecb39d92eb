#include "net/guard.h"

#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

struct row {
    const char *address;
    bool public_may, owner_may;
    const char *why;
};

static const struct row rows[] = {
    {"8.8.8.8",                    true,  true,  "global"                            },
    {"1.0.0.1",                    true,  true,  "global, the first after 0/8"       },
    {"0.0.0.0",                    false, false, "unspecified"                       },
    {"0.1.2.3",                    false, false, "this network"                      },
    {"0.255.255.255",              false, false, "the last of this network"          },
    {"9.255.255.255",              true,  true,  "before 10/8"                       },
    {"10.0.0.0",                   false, true,  "private"                           },
    {"10.255.255.255",             false, true,  "private, the last"                 },
    {"11.0.0.0",                   true,  true,  "after 10/8"                        },
    {"100.63.255.255",             true,  true,  "before the carriers'"              },
    {"100.64.0.0",                 false, true,  "shared by carriers"                },
    {"100.127.255.255",            false, true,  "shared by carriers, the last"      },
    {"100.128.0.0",                true,  true,  "after the carriers'"               },
    {"127.0.0.1",                  false, true,  "loopback"                          },
    {"127.255.255.254",            false, true,  "loopback, the last"                },
    {"128.0.0.1",                  true,  true,  "after loopback"                    },
    {"169.253.255.255",            true,  true,  "before link-local"                 },
    {"169.254.169.254",            false, false, "metadata"                          },
    {"169.254.170.2",              false, false, "metadata of containers"            },
    {"169.254.0.0",                false, false, "link-local, the first"             },
    {"169.255.0.0",                true,  true,  "after link-local"                  },
    {"172.15.255.255",             true,  true,  "before 172.16/12"                  },
    {"172.16.0.0",                 false, true,  "private"                           },
    {"172.31.255.255",             false, true,  "private, the last"                 },
    {"172.32.0.0",                 true,  true,  "after 172.16/12"                   },
    {"192.0.0.1",                  false, true,  "protocol assignments"              },
    {"192.0.1.1",                  true,  true,  "between two special ranges"        },
    {"192.0.2.1",                  false, true,  "documentation"                     },
    {"192.88.99.1",                false, true,  "6to4 relay"                        },
    {"192.167.255.255",            true,  true,  "before 192.168/16"                 },
    {"192.168.1.1",                false, true,  "private"                           },
    {"192.169.0.0",                true,  true,  "after 192.168/16"                  },
    {"198.17.255.255",             true,  true,  "before the benchmarks"             },
    {"198.18.0.1",                 false, true,  "benchmarks"                        },
    {"198.19.255.255",             false, true,  "benchmarks, the last"              },
    {"198.20.0.0",                 true,  true,  "after the benchmarks"              },
    {"198.51.100.7",               false, true,  "documentation"                     },
    {"203.0.113.7",                false, true,  "documentation"                     },
    {"223.255.255.255",            true,  true,  "before multicast"                  },
    {"224.0.0.1",                  false, false, "multicast"                         },
    {"239.255.255.255",            false, false, "multicast, the last"               },
    {"240.0.0.1",                  false, true,  "reserved"                          },
    {"255.255.255.255",            false, true,  "broadcast"                         },

    {"2606:4700::1111",            true,  true,  "global"                            },
    {"2001:200::1",                true,  true,  "after the protocol assignments"    },
    {"3ffe::1",                    true,  true,  "global again since the 6bone ended"},
    {"::",                         false, false, "unspecified"                       },
    {"::1",                        false, true,  "loopback"                          },
    {"::2",                        false, false, "compatible with 0.0.0.2"           },
    {"::8.8.8.8",                  false, true,  "compatible, deprecated"            },
    {"::169.254.169.254",          false, false, "compatible with metadata"          },
    {"::ffff:8.8.8.8",             true,  true,  "mapped, global"                    },
    {"::ffff:127.0.0.1",           false, true,  "mapped loopback"                   },
    {"::ffff:10.1.2.3",            false, true,  "mapped private"                    },
    {"::ffff:169.254.169.254",     false, false, "mapped metadata"                   },
    {"::ffff:0.0.0.0",             false, false, "mapped unspecified"                },
    {"::ffff:224.0.0.1",           false, false, "mapped multicast"                  },
    {"::ffff:0:8.8.8.8",           false, true,  "translated"                        },
    {"::ffff:0:169.254.169.254",   false, false, "translated metadata"               },
    {"64:ff9b::8.8.8.8",           true,  true,  "NAT64, global"                     },
    {"64:ff9b::127.0.0.1",         false, true,  "NAT64 of loopback"                 },
    {"64:ff9b::192.168.0.1",       false, true,  "NAT64 of private"                  },
    {"64:ff9b::169.254.169.254",   false, false, "NAT64 of metadata"                 },
    {"64:ff9b:1::8.8.8.8",         false, true,  "local NAT64"                       },
    {"64:ff9b:1::169.254.169.254", false, false, "local NAT64 of metadata"           },
    {"2002:808:808::1",            true,  true,  "6to4, global"                      },
    {"2002:7f00:1::1",             false, true,  "6to4 of loopback"                  },
    {"2002:c0a8:101::1",           false, true,  "6to4 of private"                   },
    {"2002:a9fe:a9fe::1",          false, false, "6to4 of metadata"                  },
    {"2001:0:808:808::f7f7:f7f7",  true,  true,  "Teredo, server and client global"  },
    {"2001:0:7f00:1::f7f7:f7f7",   false, true,  "Teredo, its server is loopback"    },
    {"2001:0:808:808::80ff:fffe",  false, true,  "Teredo, its client is 127.0.0.1"   },
    {"2001:0:808:808::5601:5601",  false, false, "Teredo, its client is metadata"    },
    {"2001:2::1",                  false, true,  "benchmarks"                        },
    {"2001:10::1",                 false, true,  "ORCHID"                            },
    {"2001:20::1",                 false, true,  "ORCHIDv2"                          },
    {"2001:db8::1",                false, true,  "documentation"                     },
    {"3fff::1",                    false, true,  "documentation"                     },
    {"3fff:fff::1",                false, true,  "documentation, the last /32"       },
    {"3fff:1000::1",               true,  true,  "after documentation"               },
    {"4000::1",                    false, true,  "not allocated"                     },
    {"5f00::1",                    false, true,  "segment routing"                   },
    {"100::1",                     false, true,  "discard"                           },
    {"fc00::1",                    false, true,  "unique local"                      },
    {"fd12:3456::1",               false, true,  "unique local"                      },
    {"fd00:ec2::254",              false, false, "metadata"                          },
    {"fd00:ec2::253",              false, true,  "beside metadata"                   },
    {"fe80::1",                    false, false, "link-local"                        },
    {"febf:ffff::1",               false, false, "link-local, the last"              },
    {"fec0::1",                    false, true,  "site-local, deprecated"            },
    {"ff02::1",                    false, false, "multicast"                         },
};

static void test_each_class_of_address_is_judged(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct guard_address address;

        if (!guard_of_text(str_of(rows[i].address), &address))
            fail_msg("%s is not read", rows[i].address);
        if (guard_allows(NET_PUBLIC, &address) != rows[i].public_may ||
            guard_allows(NET_OWNER, &address) != rows[i].owner_may)
            fail_msg("%s (%s)", rows[i].address, rows[i].why);
    }
}

static void test_what_public_may_the_owner_may(void **state)
{
    uint32_t x = 1;

    (void)state;
    for (int i = 0; i < 200000; i++) {
        struct guard_address address = {.family = i % 2 == 0 ? AF_INET : AF_INET6};

        for (size_t byte = 0; byte < sizeof(address.bytes); byte++) {
            x = x * 1664525u + 1013904223u;
            address.bytes[byte] = (uint8_t)(x >> 24);
        }
        if (guard_allows(NET_PUBLIC, &address))
            assert_true(guard_allows(NET_OWNER, &address));
    }
}

static void test_other_families_are_refused(void **state)
{
    struct guard_address address = {.family = AF_UNIX};
    struct sockaddr local = {.sa_family = AF_UNIX};

    (void)state;
    assert_false(guard_allows(NET_PUBLIC, &address));
    assert_false(guard_allows(NET_OWNER, &address));
    assert_false(guard_of_sockaddr(&local, &address));
}

static void test_only_strict_addresses_are_read(void **state)
{
    static const struct {
        const char *text;
        bool ok;
        const char *why;
    } texts[] = {
        {"127.0.0.1",                                    true,  "a dotted quad"   },
        {"127.1",                                        false, "short"           },
        {"2130706433",                                   false, "one number"      },
        {"0x7f.0.0.1",                                   false, "hexadecimal"     },
        {"0177.0.0.1",                                   false, "octal"           },
        {"127.0.0.01",                                   false, "a leading zero"  },
        {"127.0.0.256",                                  false, "too big"         },
        {"127.0.0.1.",                                   false, "a dot at the end"},
        {" 127.0.0.1",                                   false, "a space"         },
        {"",                                             false, "nothing"         },
        {"::1",                                          true,  "IPv6"            },
        {"[::1]",                                        false, "brackets"        },
        {"fe80::1%lo",                                   false, "a zone"          },
        {"::ffff:1.2.3.4",                               true,  "mapped"          },
        {"0000:0000:0000:0000:0000:0000:0000:0000:0000", false, "nine groups"     },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct guard_address address;

        if (guard_of_text(str_of(texts[i].text), &address) != texts[i].ok)
            fail_msg("'%s': %s", texts[i].text, texts[i].why);
    }
}

static void test_an_address_keeps_its_text(void **state)
{
    static const char *const texts[] = {"1.2.3.4", "::1", "2606:4700::1111"};

    (void)state;
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct guard_address address;
        char text[GUARD_TEXT_SIZE];

        assert_true(guard_of_text(str_of(texts[i]), &address));
        guard_format(&address, text);
        assert_string_equal(text, texts[i]);
    }
}

static void test_equality_looks_at_the_bytes_of_the_family(void **state)
{
    struct guard_address a = {
        .family = AF_INET, .bytes = {1, 2, 3, 4}
    };
    struct guard_address b = {
        .family = AF_INET, .bytes = {1, 2, 3, 4, 99}
    };
    struct guard_address c = {
        .family = AF_INET6, .bytes = {1, 2, 3, 4}
    };
    struct guard_address d = {
        .family = AF_INET6, .bytes = {1, 2, 3, 4, [15] = 1}
    };

    (void)state;
    assert_true(guard_equal(&a, &b));
    assert_false(guard_equal(&a, &c));
    assert_false(guard_equal(&c, &d));
}

static void test_the_machines_own_addresses_are_known(void **state)
{
    struct guard_address ours, theirs;

    (void)state;
    assert_true(guard_of_text(STR("127.0.0.1"), &ours));
    assert_true(guard_of_text(STR("8.8.8.8"), &theirs));
    assert_true(guard_is_ours(&ours));
    assert_false(guard_is_ours(&theirs));
    assert_true(guard_is_loopback(&ours));
    assert_false(guard_is_loopback(&theirs));
}

static void test_a_socket_address_is_read(void **state)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_addr = {htonl(0x01020304)}};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    struct guard_address address;

    (void)state;
    assert_true(guard_of_sockaddr((const struct sockaddr *)&v4, &address));
    assert_memory_equal(address.bytes, "\1\2\3\4", 4);
    assert_true(guard_of_sockaddr((const struct sockaddr *)&v6, &address));
    assert_true(guard_is_loopback(&address));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_class_of_address_is_judged),
        cmocka_unit_test(test_what_public_may_the_owner_may),
        cmocka_unit_test(test_other_families_are_refused),
        cmocka_unit_test(test_only_strict_addresses_are_read),
        cmocka_unit_test(test_an_address_keeps_its_text),
        cmocka_unit_test(test_equality_looks_at_the_bytes_of_the_family),
        cmocka_unit_test(test_the_machines_own_addresses_are_known),
        cmocka_unit_test(test_a_socket_address_is_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
